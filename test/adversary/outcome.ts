/** What came of one lie and one seed, and how it is told to a person. */
import type { Lie } from "./lie.ts";
import type { Difference } from "./oracle.ts";

/** The lie is told to a first sync, to a later one, or to two later ones. */
export type Plan = "next" | "first" | "twice";

export const planOf = (seed: number): Plan => (["twice", "next", "first"] as const)[seed % 3]!;

/**
 * `lost`: rows differ after thirty honest syncs. `foreign`: nothing differs but rows that are none of the account's.
 * `stuck`: the last honest sync still leaves a stream undone. `endless` and `hung`: a sync asks, or takes, without end.
 * `crashed`: an exit code that no lie explains. `dishonest`: done was said of what was seen not to be whole.
 * `greedy`: a sync needs more memory than any. `future`: a time that no right clock has reached. `status`: status says what is not so.
 */
export type Problem =
  | "lost"
  | "foreign"
  | "stuck"
  | "endless"
  | "hung"
  | "crashed"
  | "dishonest"
  | "greedy"
  | "future"
  | "status";

export class Outcome {
  readonly lie: Lie;
  readonly seed: number;
  readonly plan: Plan;
  /** What went wrong, each with all there is to say of it; empty when all is well. */
  readonly problems = new Map<Problem, string[]>();
  differences: readonly Difference[] = [];
  /** How each sync went, in a line. */
  readonly syncs: string[] = [];
  /** Rows that a lying sync called done lacked, and that came with the honest ones. */
  healed = 0;
  /** Which honest sync brought the last of them, where more than two were needed. */
  healedBy: number | null = null;
  /** Whether a stream was said not to be done. */
  told = false;
  /** How many answers were lies. */
  lies = 0;
  /** What was tried on lost rows beyond two honest syncs, and what came of it. */
  afterwards: string | null = null;
  /** All requests, in a line each. */
  readonly log: readonly string[];

  constructor(lie: Lie, seed: number, log: readonly string[]) {
    this.lie = lie;
    this.seed = seed;
    this.plan = planOf(seed);
    this.log = log;
  }

  problem(what: Problem, text: string): void {
    const texts = this.problems.get(what);
    if (texts === undefined) this.problems.set(what, [text]);
    else texts.push(text);
  }

  /** In a few words: the kinds of problems, or how it went well. */
  verdict(): string {
    if (this.problems.size > 0) return [...this.problems.keys()].join(", ");
    const words = [
      ...(this.healed > 0 ? [`${this.healed} rows came later`] : []),
      ...(this.healedBy === null ? [] : [`by honest ${this.healedBy}`]),
      ...(this.told ? ["said so"] : []),
    ];
    return words.length > 0 ? `equal (${words.join(", ")})` : "equal";
  }

  /** What a person needs to know, and how to see it again. */
  tell(logLines = 0): string {
    const { lie, seed, plan, problems, syncs, log, afterwards } = this;
    const lines = [
      `${lie.name}, seed ${seed} (${plan}): ${this.verdict()}`,
      `  the lie: ${lie.about}`,
      ...[...problems].flatMap(([what, texts]) => {
        const more = texts.length > 3 ? [`    and ${texts.length - 3} more`] : [];
        return [...texts.slice(0, 3).map((text) => `  ${what}: ${text}`), ...more];
      }),
      ...(afterwards === null ? [] : [`  afterwards: ${afterwards}`]),
      ...syncs.map((sync) => `  ${sync}`),
      ...(logLines > 0 ? ["  the last requests:", ...log.slice(-logLines).map((line) => `    ${line}`)] : []),
      `  again: bun scripts/adversary.ts --lie ${lie.name} --seed ${seed} --log 200`,
    ];
    return lines.join("\n");
  }
}
