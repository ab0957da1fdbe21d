/**
 * `bun run nightly`: what takes minutes. Every commit of many accounts, every kind of write that fails, all faults
 * over larger accounts, a server that lies, and a soak. The day decides the accounts; `--seed N` brings those of
 * another day again, `--only WORDS` runs the parts whose names hold these words, `--list` says what would run.
 */
import { parseArgs } from "node:util";
import { commandLine, type Part, runParts } from "./parts.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Math.floor(Date.now() / 86_400_000) % 10_000) },
    only: { type: "string", default: "" },
    list: { type: "boolean", default: false },
  },
});
const { seed } = values;
const tests = (...args: string[]) => [process.execPath, "test", "--timeout", "60000", ...args];
const script = (name: string, ...args: string[]) => [process.execPath, `scripts/${name}.ts`, ...args];

/** A name, a command, what the command finds in its environment, and which program it needs. */
const parts: Part[] = [
  ["a kill at every commit and statement", tests("test/crash"), { CRASH_SEEDS: "2", CRASH_FIRST: seed }],
  ["a kill, an error and a full disk at SQLite's own writes", tests("./test/crash/writes.nightly.ts")],
  [
    "a loss of power, while a file and an export are written",
    tests("test/crash/power.test.ts", "test/export/power.test.ts"),
    { POWER_MOMENTS: "40", POWER_TIMES: "8" },
  ],
  ["faults", tests("test/e2e/faults.test.ts", "-t", "faults"), { FAULT_ACCOUNTS: "2", FAULT_FIRST: seed }],
  ["a server that lies, lie by lie", script("adversary", "--unknown", "--first", seed, "--seeds", "3")],
  ["accounts and days of any kind", tests("test/sync/random.test.ts"), { FUZZ_SEED: seed }],
  ["the recipes that need Python", tests("./test/recipes/recipes.nightly.ts")],
  ["LibreOffice opens what --for-excel writes", tests("./test/export/spreadsheet.nightly.ts"), {}, "soffice"],
  ["bytes changed, for two minutes", script("fuzz", "--minutes", "2", "--seed", seed)],
  ["a soak of two minutes", script("soak", "--minutes", "2", "--seed", seed)],
];

const chosen = parts.filter(([name]) => name.includes(values.only));
if (values.list) {
  for (const part of chosen) console.log(`${part[0]}: ${commandLine(part)}`);
} else if (chosen.length === 0) {
  console.error(`error: nightly: no part is called ${values.only}\n  try: bun run nightly --list`);
  process.exitCode = 2;
} else if (!(await runParts(chosen, `seed ${seed}`))) {
  console.error(`try: bun run nightly --seed ${seed} --only '...'`);
  process.exitCode = 1;
}
