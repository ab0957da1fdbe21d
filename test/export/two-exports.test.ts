/** Two exports into one folder: one ends whole, the other is refused, whichever began first, wherever one is killed. */
import { afterAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { exportToFolder, type FolderOptions } from "../../src/export/export.ts";
import { canUnshare, ended, unshared } from "../lib/namespace.ts";
import { folder } from "../store/fixture.ts";
import { exported, faultsOf, HOOKS, makeFile, manifestOf, optionsOf } from "./fixture.ts";
import { beforeOperation, mortalDisk } from "./mortal-disk.ts";
import { WAYS } from "./ways.ts";

const place = folder();
afterAll(place.remove);
makeFile(place.db, 40);
const before = join(place.path, "before");
await exported(optionsOf(place.db, before));
let count = 0;

/** A folder with an export in it, or an empty one. */
function newFolder(start: "an export" | "nothing"): string {
  const out = join(place.path, `out ${++count}`);
  if (start === "an export") cpSync(before, out, { recursive: true });
  else mkdirSync(out);
  return out;
}

const first = (out: string) => WAYS["by month"]!(place.db, out);
const second = (out: string, more: Partial<FolderOptions> = {}) => ({
  ...WAYS.parquet!(place.db, out),
  ...more,
});

/** How many operations the first one takes. */
async function operationsOf(start: "an export" | "nothing"): Promise<number> {
  const { disk, operations } = mortalDisk(null, () => {
    throw new Error("unreachable");
  });
  await exportToFolder(first(newFolder(start)), HOOKS, disk);
  return operations().length;
}

/** Nothing but a whole export is there. */
function isWhole(out: string): void {
  expect(faultsOf(out)).toEqual([]);
  expect(readdirSync(out).filter((name) => name.startsWith("."))).toEqual([]);
}

type Outcome = "whole" | { exitCode: number; message: string };

/** Runs the first one, and `meanwhile` before its nth operation. */
async function during(nth: number, out: string, meanwhile: () => Promise<void>): Promise<Outcome> {
  const disk = beforeOperation((now) => (now === nth ? meanwhile() : undefined));
  return await exportToFolder(first(out), HOOKS, disk).then(
    () => "whole" as const,
    (error: { exitCode: number; message: string }) => error,
  );
}

describe.each(["an export", "nothing"] as const)("in a folder that holds %s", (start) => {
  test("a second one that begins while the first has the folder is refused, and the first ends whole", async () => {
    const operations = await operationsOf(start);
    // The first is to make the folder, before it can be held.
    for (let nth = 2; nth <= operations; nth += 1) {
      const out = newFolder(start);
      const outcome = await during(nth, out, async () => {
        const refused = exported(second(out));
        await expect(refused).rejects.toMatchObject({
          exitCode: 2,
          message: expect.stringContaining("another export"),
        });
      });
      expect([nth, outcome]).toEqual([nth, "whole"]);
      isWhole(out);
      expect(manifestOf(out).options.partition_by).toBe("month");
    }
  }, 300_000);

  test("one that takes the folder over ends whole, and the first, when it wakes, changes nothing more", async () => {
    const operations = await operationsOf(start);
    const outcomes = new Set<string>();
    for (let nth = 2; nth <= operations; nth += 1) {
      const out = newFolder(start);
      const outcome = await during(nth, out, async () => {
        await exported(second(out, { takeOver: true }));
      });
      isWhole(out);
      if (outcome !== "whole") expect([2, 5]).toContain(outcome.exitCode);
      expect([nth, manifestOf(out).format]).toEqual([nth, "parquet"]);
      outcomes.add(outcome === "whole" ? "whole" : "refused");
    }
    // The first, too, had been whole where all that it had left to do was to tidy up.
    expect(outcomes).toEqual(new Set(["refused", "whole"]));
  }, 300_000);
});

test("an export whose work was removed by somebody fails, and puts no manifest there", async () => {
  const operations = await operationsOf("an export");
  let failed = 0;
  for (let nth = 2; nth <= operations; nth += 1) {
    for (const what of ["", "new", "new/tags"]) {
      const out = newFolder("an export");
      const outcome = await during(nth, out, async () => {
        for (const name of readdirSync(out).filter((name) => /^\.kustomer-sync-export-.{8}$/.test(name)))
          rmSync(join(out, name, what), { recursive: true, force: true });
      });
      if (outcome !== "whole") {
        failed += 1;
        expect([nth, what, outcome.exitCode]).toEqual([nth, what, 5]);
      }
      // What it had taken away went with its work; what looks like an export is one.
      if (existsSync(join(out, "_manifest.json")))
        expect(faultsOf(out).filter((fault) => !fault.endsWith("is of no export"))).toEqual([]);
    }
  }
  expect(failed).toBeGreaterThan(operations);
}, 300_000);

const PATIENT = "1000000000";
const BRIEF = "200";

/** One export in a process of its own, that stops before its nth operation until it is told to go on, or is killed. */
function begin(out: string, prefix: readonly string[], nth: number, way: string, silenceMs: string) {
  const child = join(import.meta.dir, "holding.ts");
  const command = [...prefix, process.execPath, child, place.db, out, String(nth), way, silenceMs];
  const started = Bun.spawn(command, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const reader = started.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const line = async () => (await reader.read()).value?.trim() ?? "";
  const goOn = () => {
    started.stdin.write("\n");
    started.stdin.end();
  };
  return { line, goOn, kill: () => ended(started, reader) };
}

/** Where they run, and how long one waits for a sign of the other when that was killed. */
const PLACES = [
  { where: "two processes of one machine", prefix: [], wait: PATIENT, canRun: true },
  {
    where: "two containers, each its own first process, with one host name",
    prefix: unshared(),
    wait: BRIEF,
    canRun: canUnshare,
  },
];
const cases = PLACES.flatMap((each) =>
  (["an export", "nothing"] as const).flatMap((start) =>
    [0.1, 0.5, 0.8].map((part) => ({ ...each, start, part })),
  ),
);

for (const { where, prefix, wait, canRun, start, part } of cases) {
  describe.skipIf(!canRun)(
    `of ${where}, in a folder that holds ${start}, the first being ${part} done,`,
    () => {
      const nth = async () => Math.max(3, Math.round(part * (await operationsOf(start))));

      test("the second is refused, and the first ends whole", async () => {
        const out = newFolder(start);
        const holder = begin(out, prefix, await nth(), "by month", PATIENT);
        expect(await holder.line()).toStartWith("stands");
        const refused = begin(out, prefix, 0, "csv", PATIENT);
        expect(await refused.line()).toMatch(/^2: another export \(process \d+ on .*\) is writing here$/);
        holder.goOn();
        expect(await holder.line()).toBe("whole");
        isWhole(out);
        expect(manifestOf(out).options.partition_by).toBe("month");
        await Promise.all([holder.kill(), refused.kill()]);
      }, 120_000);

      test("the first is killed, and the second ends whole", async () => {
        const out = newFolder(start);
        const holder = begin(out, prefix, await nth(), "by month", PATIENT);
        const stands = await holder.line();
        expect(stands).toStartWith("stands, as ");
        // The case that numbers cannot tell: both are the first process of their container.
        if (prefix.length > 0) expect(stands).toBe("stands, as 1");
        await holder.kill();
        const next = begin(out, prefix, 0, "csv", wait);
        expect(await next.line()).toBe("whole");
        isWhole(out);
        expect(manifestOf(out).options.partition_by).toBeNull();
        await next.kill();
      }, 120_000);
    },
  );
}
