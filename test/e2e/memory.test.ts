/** Law 8: nothing holds a whole stream, so an account of ten times the rows needs hardly more memory. */

import { afterAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { watchPeak } from "../../scripts/peak-memory.ts";
import { ended, start, temporaryFolder } from "./program.ts";
import { FAST, startLocalSandbox } from "./relay.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

/** The most memory (MB) that the program had. */
async function peakOf(
  args: readonly string[],
  env: Record<string, string> = {},
  stdin?: Bun.BunFile,
): Promise<number> {
  const process = start([...args, "--quiet"], { cwd: folder.path, env, ...(stdin && { stdin }) });
  const watch = watchPeak(process.pid);
  const { code, stderr } = await ended(process);
  expect([code, stderr]).toEqual([0, ""]);
  return watch.stop()! / 1e6;
}

const fileOf = (rows: number) => join(folder.path, `${rows}.db`);
const syncs = new Map<number, Promise<number>>();

/** The same of a first sync of so many rows, which is made once. */
function peakOfSync(rows: number): Promise<number> {
  const peak = syncs.get(rows) ?? syncOf(rows);
  syncs.set(rows, peak);
  return peak;
}

async function syncOf(rows: number): Promise<number> {
  await using sandbox = await startLocalSandbox({ rows });
  return await peakOf(["sync", "--db", fileOf(rows), ...FAST], sandbox.env);
}

const canWatch = existsSync("/proc/self/status");

test.skipIf(!canWatch)(
  "60,000 rows need no more memory than 6,000, but for some pages",
  async () => {
    const few = await peakOfSync(6_000);
    const many = await peakOfSync(60_000);
    // The rows themselves are some 300 MB once they are parsed; what comes and goes with each page is garbage for a while.
    expect(many - few).toBeLessThan(80);
  },
  120_000,
);

/** By how much (MB) it may grow: Parquet holds a row group, which the smaller file does not fill. */
const GROWTH = { csv: 40, ndjson: 40, parquet: 130 };

test.skipIf(!canWatch).each(Object.entries(GROWTH))(
  "an export of 60,000 rows as %s needs no more memory than one of 6,000, but for %d MB",
  async (format, growth) => {
    const exportOf = async (rows: number) => {
      await peakOfSync(rows);
      const out = join(folder.path, `${rows} ${format}`);
      return peakOf(["export", "--db", fileOf(rows), "--out", out, "--format", format]);
    };
    const few = await exportOf(6_000);
    const many = await exportOf(60_000);
    expect(many - few).toBeLessThan(growth);
    expect(many).toBeLessThan(250);
  },
  120_000,
);

/** A file of one line with an array of so many rows of 20 kB, and how much the program needs to load it. */
async function peakOfLoad(rows: number, isPiped: boolean): Promise<number> {
  const path = join(folder.path, `${rows}.json`);
  const file = Bun.file(path).writer();
  for (let row = 0; row < rows; row++) {
    file.write(`${row === 0 ? "[" : ","}{"id":"t${row}","attributes":{"note":"${"é\\n".repeat(5_000)}"}}`);
    if (row % 100 === 0) await file.flush();
  }
  file.write("]");
  await file.end();
  const args = ["load", "tags", isPiped ? "-" : path, "--db", `${rows} ${isPiped}.db`];
  return await peakOf(args, {}, isPiped ? Bun.file(path) : undefined);
}

test.skipIf(!canWatch).each([false, true])(
  "loading 80 MB on one line needs no more memory than 8 MB (piped: %p)",
  async (isPiped) => {
    const few = await peakOfLoad(400, isPiped);
    const many = await peakOfLoad(4_000, isPiped);
    expect(many - few).toBeLessThan(60);
    expect(many).toBeLessThan(250);
  },
  120_000,
);
