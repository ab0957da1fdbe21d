/**
 * Below the statements: a process that is killed, or that the disk fails, at any one of SQLite's own writes.
 * Needs strace to meddle with the system calls; CRASH_WRITES=1 tries every write, default every 9th.
 *
 *   bun test ./test/crash/writes.nightly.ts
 */
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { cpus } from "node:os";
import { join } from "node:path";
import { temporaryFolder } from "../e2e/program.ts";
import { childCommand, compareDumps, dump, each, runWhole, startStillSandbox } from "./scenario.ts";

const STEP = Number(process.env.CRASH_WRITES ?? 9);
const folder = temporaryFolder();
const sandbox = await startStillSandbox({ rows: 150, seed: 9 });
afterAll(async () => {
  await sandbox.stop();
  folder.remove();
});

const taskOf = (name: string) => ({
  url: sandbox.url,
  db: join(folder.path, `${name}.db`),
  concurrency: 8,
  pageSize: 20,
});

/** Runs a child whose nth system call of a kind, on the file and what lies beside it, is meddled with. */
async function meddle(
  db: string,
  options: readonly string[],
): Promise<{ code: number | null; signal: NodeJS.Signals | number | null; log: string; stderr: string }> {
  if (Bun.which("strace") === null) throw new Error("this test needs strace: apt-get install strace");
  const log = `${db}.strace`;
  const files = ["", "-wal", "-journal"].flatMap((suffix) => ["-P", db + suffix]);
  const strace = ["strace", "-f", "-qq", "-o", log, ...files, ...options];
  const task = { ...taskOf("unused"), db, kill: null };
  const child = Bun.spawn([...strace, ...childCommand(task)], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const stderr = await new Response(child.stderr).text();
  await child.exited;
  return { code: child.exitCode, signal: child.signalCode, stderr, log: await Bun.file(log).text() };
}

const CALLS = ["pwrite64", "fsync", "ftruncate", "unlink"];

const whole = taskOf("whole");
await runWhole(whole);
const lines = dump(whole.db);
const watched = await meddle(join(folder.path, "watched.db"), ["-e", `trace=${CALLS}`]);

function timesOf(call: string): number {
  return watched.log.split("\n").filter((line) => line.includes(`${call}(`)).length;
}

for (const call of CALLS) {
  const times = timesOf(call);
  // From run to run there are a few writes more or less: the last tenth may not come.
  const points = Array.from({ length: times }, (_, i) => i + 1).filter(
    (nth) => times < 20 || (nth % STEP === 0 && nth < times * 0.9),
  );
  const injections = {
    "a kill": ["signal=SIGKILL", /^/],
    "an input/output error": ["error=EIO", /disk I\/O error/],
    // Of what is not a write SQLite tells only that it failed.
    "a full disk": ["error=ENOSPC", call === "pwrite64" ? /the disk is full/ : /disk I\/O error/],
  } as const;
  for (const [what, [injection, says]] of Object.entries(injections)) {
    test(`${what} at the ${call} number n, for ${points.length} of ${times} n, loses nothing`, async () => {
      const wrong: Record<number, unknown> = {};
      await each(points, cpus().length + 1, async (nth) => {
        const task = taskOf(`${call}-${what.replaceAll(/\W/g, "-")}-${nth}`);
        const { code, signal, stderr, log } = await meddle(task.db, [
          "-e",
          `trace=${call}`,
          "-e",
          `inject=${call}:${injection}:when=${nth}`,
        ]);
        if (what === "a kill" ? signal !== "SIGKILL" : code !== 0 && code !== 5)
          wrong[nth] = [code, signal, stderr];
        if (code === 5 && !says.test(stderr)) wrong[nth] = stderr;
        if (code !== null && !log.includes("(INJECTED)")) wrong[nth] = "nothing happened to it";
        await runWhole(task);
        const found = compareDumps(dump(task.db), lines);
        if (found.length > 0) wrong[nth] = found;
      });
      expect(wrong).toEqual({});
    }, 900_000);
  }
}

test("without shared memory for WAL a sync does without WAL, also for a file that was in it", async () => {
  const task = taskOf("without-shm");
  const shm = ["-P", `${task.db}-shm`, "-e", "trace=mmap", "-e", "inject=mmap:error=ENODEV"];
  for (const mode of ["new", "delete", "wal"]) {
    if (mode !== "new") {
      const db = new Database(task.db);
      db.run(`PRAGMA journal_mode = ${mode}`);
      db.close();
    }
    const { code, stderr, log } = await meddle(task.db, shm);
    expect([mode, code, stderr]).toEqual([mode, 0, ""]);
    expect(log).toContain("(INJECTED)");
    expect(compareDumps(dump(task.db), lines)).toEqual([]);
  }
  await runWhole(task);
  expect(compareDumps(dump(task.db), lines)).toEqual([]);
}, 60_000);
