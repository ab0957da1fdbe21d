/**
 * `bun run soak`: minutes of what a long life brings. Rows change all the time, answers are faulty, the server is now
 * and then one that answers otherwise or untruly, and the sync is killed at random moments and started again; at the
 * end, told the truth, the file must equal the sandbox, and no run may have needed more memory than the first ones did.
 *
 *   bun run soak --minutes 10 --rows 50000 --seed 7
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { READING_NAMES, type ReadingName } from "../src/sandbox/readings.ts";
import { differences, run, start, startSandboxProcess, temporaryFolder } from "../test/e2e/program.ts";
import { watchPeak } from "./peak-memory.ts";
import { createRandom } from "./random.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "3" },
    rows: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
  },
});

/** What only a full read can see, and what costs a sync more requests than a soak has time for. */
const LEFT_OUT: readonly ReadingName[] = [
  ...(["delete-unmoved", "deleted-hidden"] as const),
  ...(["sort-never", "total-phantom", "timed-out", "list-unending", "body-unending", "body-bomb"] as const),
];
const READINGS = READING_NAMES.filter((name) => !LEFT_OUT.includes(name));
/** So many ordinary syncs find by counting what a lie left in the file. */
const HEALED_BY = 30;

const random = createRandom(Number(values.seed));
const folder = temporaryFolder();
const db = join(folder.path, "soak.db");
const budget = ["--rate-window", "2s", "--search-rpm", "60"];
const sandbox = await startSandboxProcess(folder.path, [
  ...["--rows", values.rows, "--seed", values.seed, "--faults", "3%", "--churn", "20", "--rpm", "2000"],
  ...budget,
]);
const options = { cwd: folder.path, env: sandbox.env };
const args = ["sync", "--quiet", "--db", db, "--timeout", "5s", "--rate-share", "1", ...budget];
const ends = { done: 0, partial: 0, killed: 0, interrupted: 0 };
const peaks: number[] = [];

try {
  const until = Date.now() + Number(values.minutes) * 60_000;
  while (Date.now() < until) {
    // A new file now and then: a first sync is what has most to lose.
    if (random() < 0.1) for (const suffix of ["", "-wal", "-shm"]) rmSync(db + suffix, { force: true });
    await play(random() < 0.5 ? [] : [READINGS[Math.floor(random() * READINGS.length)]!]);
    const sync = start(args, options);
    const watch = watchPeak(sync.pid);
    const fate = random();
    const stop =
      fate < 0.6
        ? setTimeout(() => sync.kill(fate < 0.4 ? "SIGKILL" : "SIGINT"), random() ** 3 * 6_000)
        : null;
    const code = await sync.exited;
    if (stop !== null) clearTimeout(stop);
    peaks.push(watch.stop() ?? sync.resourceUsage()?.maxRSS ?? 0);
    if (code === 0) ends.done += 1;
    else if (code === 6 || code === 4) ends.partial += 1;
    else if (code === 130) ends.interrupted += 1;
    else if (sync.signalCode === "SIGKILL") ends.killed += 1;
    else throw new Error(`sync ended ${code}: ${await new Response(sync.stderr).text()}`);
  }
  await play([]);
  await sandbox.churn(0);
  let last = await run(args, options);
  for (let more = 0; last.code !== 0 && more < 5; more += 1) last = await run(args, options);
  if (last.code !== 0) throw new Error(`the last sync ended ${last.code}: ${last.stderr}`);
  let found = await differences(db, sandbox);
  let audits = 0;
  for (; audits < HEALED_BY && Object.keys(found).length > 0; audits += 1) {
    await run(args, options);
    found = await differences(db, sandbox);
  }
  if (Object.keys(found).length > 0) throw new Error(`the file differs: ${JSON.stringify(found, null, 2)}`);
  const third = Math.ceil(peaks.length / 3);
  const peak = (of: number[]) => `${Math.round(Math.max(...of) / 1e6)} MB`;
  const { requests, refused, faults } = await sandbox.stats();
  console.log(
    `equal after ${peaks.length} runs (${JSON.stringify(ends)}) and ${audits} audits: ${requests} requests, ${refused} refused, ${faults} faults`,
  );
  console.log(
    `peak memory: ${peak(peaks.slice(0, third))} in the first third of the runs, ${peak(peaks.slice(-third))} in the last`,
  );
} finally {
  await sandbox.stop();
  folder.remove();
}

/** Has the sandbox answer as such a server would. */
async function play(readings: readonly ReadingName[]): Promise<void> {
  const asked = await fetch(`${sandbox.url}/_sandbox/as?readings=${readings.join(",")}`, { method: "POST" });
  if (!asked.ok) throw new Error(`the sandbox refused ${readings}: ${await asked.text()}`);
}
