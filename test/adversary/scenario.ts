/**
 * One lie, one seed: an account is synced honestly (or not yet), lives on, is synced under the lie while it changes,
 * lives on, and is synced honestly twice. Then the file must equal the account, and nothing that was said on the way
 * may have been untrue.
 */
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Account, type Row } from "./account.ts";
import type { Lie } from "./lie.ts";
import { counts, type Difference, differences, lacking } from "./oracle.ts";
import { askStatus, type Run, repair, runSync, type Status } from "./program-run.ts";
import { createRandom, type Random } from "./random.ts";
import { AdversaryServer, type Telling } from "./server.ts";
import { DAY, HOUR, MINUTE, SECOND, WorldClock } from "./world-clock.ts";

/** The lie is told to a first sync, to a later one, or to two later ones. */
export type Plan = "next" | "first" | "twice";

export type Outcome = {
  readonly lie: Lie;
  readonly seed: number;
  readonly plan: Plan;
  /** What went wrong; empty when all is well. The first of them names it: `lost`, `endless`... */
  readonly problems: { readonly what: Problem; readonly text: string }[];
  readonly differences: readonly Difference[];
  /** How each sync went, in a line. */
  readonly syncs: string[];
  /** Rows that a lying sync called done lacked, and that were there two honest syncs later. */
  healed: number;
  /** Whether a stream was said to be not done in a lying sync. */
  told: boolean;
  /** How many answers were lies. */
  lies: number;
  /** Whether `verify --repair` mends what was lost; null where it was not tried. */
  mends: boolean | null;
  readonly log: readonly string[];
};

export type Problem = "lost" | "stuck" | "endless" | "hung" | "crashed" | "dishonest" | "future" | "status";

const BORN = Date.UTC(2026, 8, 15, 9, 30);

export const planOf = (seed: number): Plan => (["twice", "next", "first"] as const)[seed % 3]!;

/** What several scenarios share: a folder, and the first honest sync of each seed. */
export class Stage {
  readonly #bases = new Map<number, Promise<string>>();
  #next = 0;

  readonly folder: string;
  readonly options: { readonly verify?: boolean };

  constructor(folder: string, options: { readonly verify?: boolean } = {}) {
    this.folder = folder;
    this.options = options;
  }

  newFolder(): string {
    const folder = join(this.folder, `s-${++this.#next}`);
    mkdirSync(folder);
    return folder;
  }

  /** The file after a first honest sync of an account that stood still. */
  base(seed: number): Promise<string> {
    let base = this.#bases.get(seed);
    if (base === undefined) {
      base = makeBase(this, seed);
      this.#bases.set(seed, base);
    }
    return base;
  }
}

async function makeBase(stage: Stage, seed: number): Promise<string> {
  const folder = stage.newFolder();
  const db = join(folder, "base.db");
  const account = new Account(seed, BORN);
  const server = await AdversaryServer.start(account, new WorldClock(BORN));
  try {
    server.beginSync("base", null);
    const run = await runSync(server, { ...settings(seed), db, folder, ...QUIET });
    const different = differences(db, account);
    if (run.code !== 0 || different.length > 0)
      throw new Error(`an honest first sync ended ${run.code}, ${different.length} differ\n${run.stderr}`);
    return db;
  } finally {
    await server.stop();
  }
}

const QUIET = { machine: undefined, killAt: null, onRequest: () => {} };

function settings(seed: number): { lookback: string; concurrency: number } {
  const random = createRandom(seed, "settings");
  return { lookback: random.pick(["15m", "15m", "1h"]), concurrency: random.pick([1, 4, 8]) };
}

/** Plays it, and says what came of it. */
export async function play(stage: Stage, lie: Lie, seed: number): Promise<Outcome> {
  const clock = new WorldClock(BORN);
  const server = await AdversaryServer.start(new Account(seed, BORN), clock);
  try {
    const scenario = new Scenario(stage, server, lie, seed);
    await scenario.play();
    return scenario.outcome;
  } finally {
    await server.stop();
  }
}

class Scenario {
  readonly outcome: Outcome;
  readonly #folder: string;
  readonly #db: string;
  readonly #random: Random;
  readonly #memory = new Map<string, unknown>();
  readonly #everDone = new Set<string>();
  readonly #begun: { name: string; at: number }[] = [];

  readonly stage: Stage;
  readonly server: AdversaryServer;
  readonly lie: Lie;
  readonly seed: number;

  constructor(stage: Stage, server: AdversaryServer, lie: Lie, seed: number) {
    this.stage = stage;
    this.server = server;
    this.lie = lie;
    this.seed = seed;
    this.#folder = stage.newFolder();
    this.#db = join(this.#folder, "kustomer.db");
    this.#random = createRandom(seed, "scenario");
    this.outcome = {
      ...{ lie, seed, plan: planOf(seed), problems: [], differences: [], syncs: [] },
      ...{ healed: 0, told: false, lies: 0, mends: null, log: server.log },
    };
  }

  async play(): Promise<void> {
    const { lie, server, outcome } = this;
    const { clock, account } = server;
    const random = this.#random;
    if (outcome.plan !== "first") {
      copyFileSync(await this.stage.base(this.seed), this.#db);
      clock.pass(5 * MINUTE);
      this.#everDone.add("all");
      this.#live(random.pick([90 * MINUTE, 7 * HOUR, 30 * HOUR]));
    }
    const turns = lie.turns ?? (outcome.plan === "twice" ? 2 : 1);
    for (let turn = 0; turn < turns; turn += 1) {
      if (turn > 0) this.#live(random.pick([40 * MINUTE, 5 * HOUR]));
      if (!(await this.#lyingSync({ lie, turn, memory: this.#memory }))) return;
    }
    server.telling = { lie, turn: turns, memory: this.#memory };
    lie.end?.(server.teller());
    if (!lie.forever) account.thaw();
    this.#live(random.pick([25 * MINUTE, 6 * HOUR, DAY]));
    for (const name of ["honest 1", "honest 2"]) {
      const run = await this.#sync(name, lie.forever ? { lie, turn: turns, memory: this.#memory } : null);
      if (run === null) return;
      if (name === "honest 1") clock.pass(random.pick([30 * MINUTE, 5 * HOUR, 30 * HOUR]));
      else await this.#end(run);
    }
  }

  #live(ms: number): void {
    const { clock, account } = this.server;
    const from = clock.now();
    clock.pass(ms);
    account.live(from, clock.now(), this.#random);
  }

  async #lyingSync(telling: Telling): Promise<boolean> {
    const { server, lie, outcome } = this;
    const name = `lying ${telling.turn + 1}`;
    server.telling = telling;
    lie.begin?.(server.teller());
    const began = server.clock.now();
    const random = createRandom(this.seed, lie.name, "churn", telling.turn);
    const churn = (nth: number) => {
      if (nth % 4 === 0) server.account.happen(server.clock.now(), random);
    };
    const kills = lie.kills ?? (this.seed > 3 && random.chance(0.3));
    let run: Run | null;
    if (kills) {
      const killAt = random.int(2, outcome.plan === "first" ? 30 : 14);
      run = await this.#sync(`${name}, killed`, telling, churn, killAt);
      if (run === null) return false;
    }
    run = await this.#sync(name, telling, churn);
    if (run === null) return false;
    outcome.lies += run.lies;
    const lacks = lacking(this.#db, server.account, began);
    for (const { stream, status } of run.report?.streams ?? []) {
      const ids = lacks.get(stream) ?? [];
      if (status !== "done") outcome.told = true;
      else outcome.healed += ids.length;
      if (lie.visible && status === "done" && ids.length > 0)
        this.#problem(
          "dishonest",
          `${name} called ${stream} done, and ${ids.length} rows lack: ${ids.slice(0, 5)}`,
        );
    }
    await this.#checkStatus(name);
    return true;
  }

  /** Runs a sync and looks at how it ended; null when nothing can follow. */
  async #sync(
    name: string,
    telling: Telling | null,
    onRequest: (nth: number) => void = () => {},
    killAt: number | null = null,
  ): Promise<Run | null> {
    const { server, outcome } = this;
    server.beginSync(name, telling);
    this.#begun.push({ name, at: server.clock.now() });
    const { lookback, concurrency } = settings(this.seed);
    const run = await runSync(server, {
      ...{ db: this.#db, folder: this.#folder, lookback, concurrency, killAt, onRequest },
      machine: telling?.lie.machine,
    });
    const { code, report, stopped } = run;
    const not = report?.streams.filter(({ status }) => status !== "done") ?? [];
    for (const { stream } of report?.streams.filter(({ status }) => status === "done") ?? [])
      this.#everDone.add(stream);
    const undone = not.map(({ stream, error }) => `${stream} (${error?.message ?? "no error"})`).join("; ");
    const how = stopped ?? `exit ${code}`;
    const time = `${(run.ms / 1_000).toFixed(1)} s`;
    outcome.syncs.push(
      `${name}: ${how}, ${run.requests} requests, ${run.lies} lies, ${time} ${undone}`.trim(),
    );
    if (stopped === "killed") return run;
    if (stopped !== null) {
      this.#problem(stopped, `${name} did not end: ${run.requests} requests in ${time}`);
      return null;
    }
    const lying = telling !== null && !telling.lie.forever;
    if (![0, 4, 6, ...(lying ? [3] : [])].includes(code) || (code !== 3 && report === null)) {
      this.#problem("crashed", `${name} ended with exit code ${code}: ${run.stderr.trim().slice(-600)}`);
      return null;
    }
    if (code === 0 && not.length > 0)
      this.#problem("dishonest", `${name} ended with exit code 0, but: ${undone}`);
    const now = server.clock.now();
    for (const { stream, synced_to } of report?.streams ?? [])
      this.#checkTime(`${name}: ${stream}`, synced_to, now);
    return run;
  }

  #checkTime(where: string, syncedTo: string | null, now: number): void {
    if (syncedTo !== null && !(Date.parse(syncedTo) <= now + SECOND))
      this.#problem("future", `${where} is synced to ${syncedTo}, and it is ${new Date(now).toISOString()}`);
  }

  /** What `status` says must be so: counts, times, and complete only where a sync ever was done. */
  async #checkStatus(after: string): Promise<Status | null> {
    const status = await askStatus(this.server, this.#db, this.#folder);
    if (status === null) {
      this.#problem("status", `status failed after ${after}`);
      return null;
    }
    const held = counts(this.#db);
    for (const { stream, rows, deleted, complete, synced_to } of status.streams) {
      const are = held.get(stream);
      if (are === undefined) continue;
      if (are.rows !== rows || are.deleted !== deleted)
        this.#problem(
          "status",
          `after ${after}, status says ${stream} ${rows}+${deleted}, it is ${are.rows}+${are.deleted}`,
        );
      if (complete && !this.#everDone.has("all") && !this.#everDone.has(stream))
        this.#problem("status", `after ${after}, status calls ${stream} complete, which never was`);
      this.#checkTime(`after ${after}, status: ${stream}`, synced_to, this.server.clock.now());
    }
    return status;
  }

  async #end(last: Run): Promise<void> {
    const { server, lie, outcome } = this;
    const teller = server.teller();
    const excused = (row: Row) => lie.excuses?.(row, teller) ?? false;
    const found = differences(this.#db, server.account, excused);
    const undone = new Set(
      last.report?.streams.filter(({ status }) => status !== "done").map((s) => s.stream),
    );
    // Kustomer that is like that for ever may be one that the program says it cannot read.
    const lost = lie.forever ? found.filter(({ stream }) => !undone.has(stream)) : found;
    if (lost.length > 0) {
      (outcome as { differences: readonly Difference[] }).differences = lost;
      this.#problem("lost", this.#describe(lost));
      outcome.healed = 0;
    }
    if (undone.size > 0 && !lie.forever)
      this.#problem("stuck", `the last sync left ${[...undone].join(", ")} undone`);
    if (undone.size > 0) outcome.told = true;
    await this.#checkStatus("honest 2");
    if (lost.length > 0 && this.stage.options.verify) {
      server.beginSync("verify --repair", null);
      const ended = await repair(server, this.#db, this.#folder);
      outcome.mends = ended && differences(this.#db, server.account, excused).length === 0;
    }
  }

  #describe(found: readonly Difference[]): string {
    const sums = new Map<string, number>();
    for (const { stream, how } of found)
      sums.set(`${stream} ${how}`, (sums.get(`${stream} ${how}`) ?? 0) + 1);
    const sum = [...sums].map(([what, count]) => `${count} ${what}`).join(", ");
    const lines = found
      .slice(0, 8)
      .map((one) => `    ${one.stream} ${one.id} ${one.how}: ${one.detail}${this.#when(one)}`);
    return [`${found.length} rows differ: ${sum}`, ...lines].join("\n");
  }

  /** Between which syncs the row last changed. */
  #when({ stream, id }: Difference): string {
    for (const row of this.server.account.all()) {
      if (row.id !== id || row.kind.name !== stream) continue;
      const { updatedAt } = row.versions.at(-1)!;
      const next = this.#begun.find(({ at }) => at >= updatedAt);
      if (next === undefined) return "";
      return ` (${Math.round((next.at - updatedAt) / SECOND).toLocaleString("en")} s before "${next.name}")`;
    }
    return "";
  }

  #problem(what: Problem, text: string): void {
    this.outcome.problems.push({ what, text });
  }
}

/** What a person needs to know of an outcome, and how to see it again. */
export function tell(outcome: Outcome, logLines = 0): string {
  const { lie, seed, plan, problems, syncs, log, mends } = outcome;
  const lines = [
    `${lie.name}, seed ${seed} (${plan}): ${problems.map(({ what }) => what).join(", ") || "equal"}`,
    `  the lie: ${lie.about}`,
    ...problems.map(({ what, text }) => `  ${what}: ${text}`),
    ...(mends === null ? [] : [`  verify --repair ${mends ? "mends it" : "does not mend it"}`]),
    ...syncs.map((sync) => `  ${sync}`),
    ...(logLines > 0 ? ["  the last requests:", ...log.slice(-logLines).map((line) => `    ${line}`)] : []),
    `  again: bun scripts/adversary.ts --lie ${lie.name} --seed ${seed} --log 200`,
  ];
  return lines.join("\n");
}
