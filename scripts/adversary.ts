/**
 * Syncs the account of a server that lies, lie by lie and seed by seed, and says what came of it. Fails where rows
 * are lost, or something untrue was said, by a lie that is not known to do that today.
 *
 *   bun scripts/adversary.ts                            each lie, two seeds
 *   bun scripts/adversary.ts --seeds 20 --all           each lie however often it is told, seeds 1 to 20
 *   bun scripts/adversary.ts --lie total-zero --seed 3 --log 200
 *   bun scripts/adversary.ts --lie index-stands-day --seeds 5 --afterwards
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { LIES, liesOf } from "../test/adversary/lies.ts";
import type { Outcome } from "../test/adversary/outcome.ts";
import { Stage } from "../test/adversary/stage.ts";
import { temporaryFolder } from "../test/e2e/program.ts";

const { values } = parseArgs({
  options: {
    /** A lie, or all that begin with its name and a slash. Repeatable. */
    lie: { type: "string", multiple: true },
    /** All variants, not one for each seed. */
    all: { type: "boolean", default: false },
    /** Only lies that are not known to lose rows today. */
    unknown: { type: "boolean", default: false },
    seeds: { type: "string", default: "2" },
    first: { type: "string", default: "1" },
    seed: { type: "string" },
    jobs: { type: "string", default: "4" },
    /** So many of the last requests of what fails, or of all where lies are named. */
    log: { type: "string", default: "0" },
    /** Where rows are lost, try whether three more honest syncs find them, or `verify --repair`. */
    afterwards: { type: "boolean", default: false },
    /** A table of all outcomes, as JSON. */
    report: { type: "string" },
  },
});

const named = values.lie;
const first = Number(values.seed ?? values.first);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const tasks = Array.from({ length: count }, (_, n) => first + n).flatMap((seed) => {
  const lies = named !== undefined || values.all ? LIES : liesOf(seed);
  return lies
    .filter(({ name }) => named?.some((part) => name === part || name.startsWith(`${part}/`)) ?? true)
    .filter(({ todayLoses }) => !(values.unknown && todayLoses !== undefined))
    .map((lie) => ({ lie, seed }));
});
if (tasks.length === 0) throw new Error(`no lie is called ${named?.join(", ")}`);

const folder = temporaryFolder();
const stage = new Stage(folder.path);
const outcomes: Outcome[] = [];
const begun = performance.now();
let next = 0;
async function work(): Promise<void> {
  while (next < tasks.length) {
    const { lie, seed } = tasks[next++]!;
    const outcome = await stage.play(lie, seed, { afterwards: values.afterwards });
    outcomes.push(outcome);
    if (outcome.problems.size > 0 || named !== undefined) console.log(outcome.tell(Number(values.log)));
  }
}
await Promise.all(Array.from({ length: Number(values.jobs) }, work));
folder.remove();

const failed = outcomes.filter(({ problems }) => problems.size > 0);
const unknown = failed.filter(({ lie }) => lie.todayLoses === undefined);
const holding = LIES.filter(
  ({ name, todayLoses }) =>
    todayLoses !== undefined &&
    outcomes.some(({ lie }) => lie.name === name) &&
    !failed.some(({ lie }) => lie.name === name),
);
if (values.report !== undefined) {
  const table = outcomes.map((outcome) => {
    const { lie, seed, plan, problems, differences, afterwards, lies, healed, told, syncs } = outcome;
    const texts = [...problems].map(([what, all]) => `${what}: ${all[0]}`);
    const verdict = outcome.verdict();
    const { name, about } = lie;
    return {
      name,
      about,
      seed,
      plan,
      verdict,
      differs: differences.length,
      healed,
      told,
      lies,
      afterwards,
      texts,
      syncs,
    };
  });
  writeFileSync(values.report, JSON.stringify(table, null, 1));
}
if (holding.length > 0) console.log(`\nno longer lose rows: ${holding.map(({ name }) => name).join(", ")}`);
const seconds = ((performance.now() - begun) / 1_000).toFixed(0);
console.log(
  `\n${outcomes.length} scenarios in ${seconds} s: ${outcomes.length - failed.length} equal, ` +
    `${failed.length - unknown.length} fail as is known, ${unknown.length} fail`,
);
for (const outcome of unknown)
  console.log(`  ${outcome.lie.name}, seed ${outcome.seed}: ${outcome.verdict()}`);
if (unknown.length > 0) process.exitCode = 1;
