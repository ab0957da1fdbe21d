/** One export in a process that kills itself before its n-th operation on the disk: `bun child.ts DB OUT N WAY`. */
import { exportToFolder } from "../../src/export/export.ts";
import { HOOKS } from "./fixture.ts";
import { mortalDisk } from "./mortal-disk.ts";
import { WAYS } from "./ways.ts";

const [db = "", out = "", nth = "", way = ""] = process.argv.slice(2);

function die(): never {
  process.kill(process.pid, "SIGKILL");
  // The signal may need a moment to arrive; not one operation more may run.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
}

await exportToFolder(WAYS[way]!(db, out), HOOKS, mortalDisk(Number(nth), die).disk);
