/**
 * Power that is lost before any operation of an export on the disk: whatever was not synced is gone or there, nothing with
 * a final name is incomplete, and the next export is whole.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createRandom } from "../../scripts/random.ts";
import { exportToFolder } from "../../src/export/export.ts";
import { folder } from "../store/fixture.ts";
import { exported, faultsOf, filesIn, HOOKS, makeFile, optionsOf, sha256Of } from "./fixture.ts";
import { forgetfulDisk } from "./forgetful-disk.ts";
import { WAYS } from "./ways.ts";

const place = folder();
afterAll(place.remove);
makeFile(place.db, 60);
const before = join(place.path, "before");
await exported(optionsOf(place.db, before, { partitionBy: "month" }));
let count = 0;
/** How many of the states that the disk may be in are tried before each operation. POWER_TIMES=20 tries more. */
const TIMES = Number(process.env.POWER_TIMES ?? 2);

function prepare(start: "nothing" | "an export"): { out: string; grave: string } {
  const at = join(place.path, String(++count));
  const [out, grave] = [join(at, "out"), join(at, "grave")];
  mkdirSync(grave, { recursive: true });
  if (start === "an export") cpSync(before, out, { recursive: true });
  else mkdirSync(out);
  return { out, grave };
}

const die = (): never => {
  throw new Error("the power is gone");
};
const cases = ["csv", "by month", "what changed"].flatMap((way) =>
  (["nothing", "an export"] as const).map((start) => ({ way, start })),
);

describe.each(cases)("$way, over $start", ({ way, start }) => {
  test("what has its name is whole, and the next export is", async () => {
    const whole = new Set([...filesIn(before).values()].map(sha256Of));
    const counting = prepare(start);
    const counted = forgetfulDisk(null, counting.grave, die);
    await exportToFolder(WAYS[way]!(place.db, counting.out), HOOKS, counted.disk);
    for (const content of filesIn(counting.out).values()) whole.add(sha256Of(content));
    const random = createRandom(count);
    for (let time = 0; time < TIMES * counted.operations(); time += 1) {
      const nth = 1 + (time % counted.operations());
      const { out, grave } = prepare(start);
      const disk = forgetfulDisk(nth, grave, die);
      const how = await exportToFolder(WAYS[way]!(place.db, out), HOOKS, disk.disk).then(
        () => "all was in its place",
        (error: Error) => error.message,
      );
      expect(["the power is gone", "all was in its place"]).toContain(how);
      disk.loseSome(random);
      for (const [path, content] of filesIn(out)) {
        if (path.startsWith(".kustomer-sync-export-")) continue;
        if (path.endsWith("_manifest.json")) {
          const faults = faultsOf(join(out, path, "..")).filter(
            (fault) => !fault.endsWith("is of no export"),
          );
          expect([nth, path, faults]).toEqual([nth, path, []]);
        } else expect([nth, path, whole.has(sha256Of(content))]).toEqual([nth, path, true]);
      }
      await exported(WAYS[way]!(place.db, out));
      expect([nth, readdirSync(out).filter((name) => name.startsWith("."))]).toEqual([nth, []]);
      if (way !== "what changed") expect([nth, faultsOf(out)]).toEqual([nth, []]);
      else expect([nth, existsSync(join(out, "_manifest.json"))]).toEqual([nth, true]);
    }
  }, 300_000);
});
