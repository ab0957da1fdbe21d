/** Law 8: nothing holds a whole stream, so an account of ten times the rows needs hardly more memory. */

import { afterAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { watchPeak } from "../../scripts/peak-memory.ts";
import { ended, start, temporaryFolder } from "./program.ts";
import { FAST, startLocalSandbox } from "./relay.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

/** The most memory (MB) that a first sync of so many rows had. */
async function peakOf(rows: number): Promise<number> {
  await using sandbox = await startLocalSandbox({ rows });
  const db = join(folder.path, `${rows}.db`);
  const sync = start(["sync", "--quiet", "--db", db, ...FAST], { cwd: folder.path, env: sandbox.env });
  const watch = watchPeak(sync.pid);
  const { code, stderr } = await ended(sync);
  expect([code, stderr]).toEqual([0, ""]);
  return watch.stop()! / 1e6;
}

test.skipIf(!existsSync("/proc/self/status"))(
  "60,000 rows need no more memory than 6,000, but for some pages",
  async () => {
    const few = await peakOf(6_000);
    const many = await peakOf(60_000);
    // The rows themselves are some 300 MB once they are parsed; what comes and goes with each page is garbage for a while.
    expect(many - few).toBeLessThan(80);
  },
  120_000,
);
