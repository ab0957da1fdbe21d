/**
 * `bun run nightly`: what takes minutes. Every commit of many accounts, every kind of write that fails, all faults
 * over larger accounts, and a soak. The day decides the accounts; `--seed N` brings those of another day again.
 */
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { seed: { type: "string", default: String(Math.floor(Date.now() / 86_400_000) % 10_000) } },
});
const bun = process.execPath;
const { seed } = values;

/** A part that needs a program which is not here is left out, and said to be. */
type Part = { name: string; command: string[]; env?: Record<string, string>; needs?: string };

const parts: Part[] = [
  {
    name: "a kill at every commit and statement",
    command: [bun, "test", "test/crash"],
    env: { CRASH_SEEDS: "2", CRASH_FIRST: seed },
  },
  {
    name: "a kill, an error and a full disk at SQLite's own writes",
    command: [bun, "test", "./test/crash/writes.nightly.ts"],
  },
  {
    name: "a loss of power, while a file and an export are written",
    command: [bun, "test", "--timeout", "60000", "test/crash/power.test.ts", "test/export/power.test.ts"],
    env: { POWER_MOMENTS: "40", POWER_TIMES: "8" },
  },
  {
    name: "faults of every kind",
    command: [bun, "test", "test/e2e/faults.test.ts", "-t", "faults"],
    env: { FAULT_ACCOUNTS: "2", FAULT_FIRST: seed },
  },
  {
    name: "the recipes that need Python",
    command: [bun, "test", "./test/recipes/recipes.nightly.ts"],
  },
  {
    name: "files and answers with bytes changed, for two minutes",
    command: [bun, "scripts/fuzz.ts", "--minutes", "2", "--seed", seed],
  },
  {
    name: "LibreOffice, which opens what --for-excel writes",
    command: [bun, "test", "./test/export/spreadsheet.nightly.ts"],
    needs: "soffice",
  },
  {
    name: "a soak of two minutes",
    command: [bun, "scripts/soak.ts", "--minutes", "2", "--seed", seed],
  },
];

const failed: string[] = [];
for (const { name, command, env, needs } of parts) {
  if (needs !== undefined && Bun.which(needs) === null) {
    console.log(`\n== left out, for want of ${needs}: ${name}`);
    continue;
  }
  console.log(`\n== ${name} (seed ${seed})`);
  const begun = performance.now();
  const child = Bun.spawn(command, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "inherit"],
  });
  if ((await child.exited) !== 0) failed.push(name);
  console.log(`== ${((performance.now() - begun) / 1_000).toFixed(0)} s`);
}
if (failed.length > 0) {
  console.error(`\nfailed: ${failed.join("; ")}\ntry: bun scripts/nightly.ts --seed ${seed}`);
  process.exitCode = 1;
}
