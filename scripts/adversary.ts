/**
 * Syncs an account of a server that lies, lie by lie and seed by seed, and says what each cost.
 *
 *   bun scripts/adversary.ts --seeds 20                 all lies, seeds 1 to 20
 *   bun scripts/adversary.ts --lie total-zero --seed 3 --log 200
 */
import { parseArgs } from "node:util";
import { LIES } from "../test/adversary/lies.ts";
import { type Outcome, play, Stage, tell } from "../test/adversary/scenario.ts";
import { temporaryFolder } from "../test/e2e/program.ts";

const { values } = parseArgs({
  options: {
    lie: { type: "string", multiple: true },
    seeds: { type: "string", default: "2" },
    seed: { type: "string" },
    jobs: { type: "string", default: "4" },
    log: { type: "string", default: "0" },
    verify: { type: "boolean", default: false },
    "not-known": { type: "boolean", default: false },
    report: { type: "string" },
  },
});

const first = Number(values.seed ?? 1);
const seeds = Array.from(
  { length: values.seed === undefined ? Number(values.seeds) : 1 },
  (_, n) => first + n,
);
const lies = LIES.filter(({ name, todayLoses }) => {
  if (values["not-known"] && todayLoses !== undefined) return false;
  return values.lie === undefined || values.lie.some((part) => name === part || name.startsWith(`${part}/`));
});
const tasks = lies.flatMap((lie) => seeds.map((seed) => ({ lie, seed })));
const folder = temporaryFolder();
const stage = new Stage(folder.path, { verify: values.verify });
const outcomes: Outcome[] = [];
const begun = performance.now();
let next = 0;
await Promise.all(
  Array.from({ length: Number(values.jobs) }, async () => {
    while (next < tasks.length) {
      const { lie, seed } = tasks[next++]!;
      const outcome = await play(stage, lie, seed);
      outcomes.push(outcome);
      console.log(tell(outcome, Number(values.log)));
    }
  }),
);
folder.remove();
console.log(`${outcomes.length} in ${((performance.now() - begun) / 1_000).toFixed(0)} s`);
