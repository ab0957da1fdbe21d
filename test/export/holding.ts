/**
 * One export in a process that stops before its n-th operation on the disk, says so, and goes on when a line comes in:
 * `bun holding.ts DB OUT N WAY SILENCE`. At the end it says how it went.
 */
import { exportToFolder } from "../../src/export/export.ts";
import { HOOKS } from "./fixture.ts";
import { beforeOperation } from "./mortal-disk.ts";
import { WAYS } from "./ways.ts";

const [db = "", out = "", nth = "", way = "", silenceMs = ""] = process.argv.slice(2);
const lines = console[Symbol.asyncIterator]();

const disk = beforeOperation(async (now) => {
  if (now !== Number(nth)) return;
  console.log(`stands, as ${process.pid}`);
  await lines.next();
});
const pace = { beatMs: 20, silenceMs: Number(silenceMs), lookMs: 5 };
try {
  await exportToFolder({ ...WAYS[way]!(db, out), pace }, HOOKS, disk);
  console.log("whole");
} catch (error) {
  console.log(`${(error as { exitCode?: number }).exitCode}: ${(error as Error).message}`);
}
