/**
 * `bun run fuzz`: minutes of files and answers with bytes changed. Whatever they hold, a command ends: in an error that
 * says what is wrong or in a result, never in one that calls itself a bug, never in a crash, and never not at all. Each
 * case is a number; what it found is kept in a folder, to be tried again with `--case N`.
 *
 *   bun run fuzz --minutes 10 --seed 7
 *   bun run fuzz --case 70031
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { temporaryFolder } from "../test/e2e/program.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "3" },
    seed: { type: "string", default: "1" },
    case: { type: "string" },
    keep: { type: "string", default: "fuzz-found" },
  },
});

/** A case that says nothing for so long hangs; on a busy machine one takes seconds. */
const SILENCE_MS = 120_000;
/** Cases of one process: what one of them breaks in it must not spoil too many others. */
const AT_ONCE = 40;

const only = values.case === undefined ? null : Number(values.case);
const first = only ?? Number(values.seed) * 10_000;
const until = Date.now() + Number(values.minutes) * 60_000;
const found: string[] = [];
let next = first;

while (only === null ? Date.now() < until : next === only) {
  const count = only === null ? AT_ONCE : 1;
  const folder = temporaryFolder();
  const child = Bun.spawn(
    [
      process.execPath,
      join(import.meta.dir, "fuzz", "cases.ts"),
      folder.path,
      String(next),
      String(count),
      values.keep,
    ],
    { stdin: "ignore", stdout: "pipe", stderr: "inherit" },
  );
  let last = next - 1;
  let timer = setTimeout(() => child.kill("SIGKILL"), SILENCE_MS);
  for await (const line of linesOf(child.stdout)) {
    clearTimeout(timer);
    timer = setTimeout(() => child.kill("SIGKILL"), SILENCE_MS);
    const begun = /^begin (\d+)/.exec(line);
    if (begun !== null) last = Number(begun[1]);
    else if (line.startsWith("found ")) found.push(line.slice(6));
  }
  clearTimeout(timer);
  if ((await child.exited) !== 0) {
    found.push(
      `case ${last}: ${child.signalCode === "SIGKILL" ? "it hung, and was killed" : `the process ended with ${child.signalCode ?? child.exitCode}`}`,
    );
    next = last + 1;
  } else next += count;
  folder.remove();
}

console.log(`${next - first} cases, from ${first}`);
for (const line of found) console.log(`  ${line}`);
if (found.length > 0) {
  console.error("try: bun scripts/fuzz.ts --case N");
  process.exitCode = 1;
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let held = "";
  for await (const bytes of stream) {
    const lines = (held + decoder.decode(bytes, { stream: true })).split("\n");
    held = lines.pop()!;
    yield* lines;
  }
}
