/**
 * One lie, one seed: an account is synced honestly (or not yet), lives on, is synced under the lie while it changes,
 * lives on, and is synced honestly, twice, or as often as the audit may need. Then the file must equal the account, and
 * nothing that was said on the way may have been untrue.
 */
import { join } from "node:path";
import { HOLDS, type Row } from "./account.ts";
import { KINDS, type Kind } from "./kinds.ts";
import type { Lie } from "./lie.ts";
import { counts, type Difference, differences, lacking } from "./oracle.ts";
import { Outcome } from "./outcome.ts";
import { askStatus, type Run, repair, runSync } from "./program-run.ts";
import { createRandom, hash, type Random } from "./random.ts";
import type { AdversaryServer, Telling } from "./server.ts";
import { DAY, HOUR, MINUTE, SECOND } from "./world-clock.ts";

/** When every account is as it begins. */
export const BORN = Date.UTC(2026, 8, 15, 9, 30);

/** How the program is run, by the seed. */
export function settings(seed: number): { lookback: string; concurrency: number } {
  const random = createRandom(seed, "settings");
  return { lookback: random.pick(["15m", "15m", "1h"]), concurrency: random.pick([1, 4, 8]) };
}

/** A sync of any account is done with half of this. */
const MOST_MB = 500;
/** So many ordinary syncs find by counting whatever differs. */
const HEALED_BY = 30;

type SyncOptions = {
  readonly telling?: Telling | null;
  readonly onRequest?: (nth: number) => void;
  readonly killAt?: number;
};

export class Scenario {
  readonly outcome: Outcome;
  readonly db: string;
  readonly #server: AdversaryServer;
  readonly #lie: Lie;
  readonly #seed: number;
  readonly #folder: string;
  readonly #streams: readonly Kind[];
  readonly #random: Random;
  readonly #memory = new Map<string, unknown>();
  /** Streams that a sync has called done. */
  readonly #everDone: Set<string>;
  readonly #begun: { name: string; at: number }[] = [];

  constructor(server: AdversaryServer, lie: Lie, seed: number, folder: string) {
    this.outcome = new Outcome(lie, seed, server.log);
    this.db = join(folder, "kustomer.db");
    this.#server = server;
    this.#lie = lie;
    this.#seed = seed;
    this.#folder = folder;
    this.#streams = lie.streams ?? KINDS;
    this.#random = createRandom(seed, "scenario");
    this.#everDone = new Set(this.outcome.plan === "first" ? [] : KINDS.map(({ name }) => name));
  }

  async play(afterwards: boolean): Promise<void> {
    const { plan } = this.outcome;
    const { clock, account } = this.#server;
    const lie = this.#lie;
    const random = this.#random;
    if (plan !== "first") {
      clock.pass(5 * MINUTE);
      this.#live(random.pick([90 * MINUTE, 7 * HOUR, 30 * HOUR]));
    }
    const turns = lie.turns ?? (plan === "twice" ? 2 : 1);
    for (let turn = 0; turn < turns; turn += 1) {
      if (turn > 0) this.#live(random.pick([40 * MINUTE, 5 * HOUR]));
      if (!(await this.#lyingSync(turn))) return;
    }
    if (!lie.forever) {
      account.thaw();
      account.holds = HOLDS;
    }
    this.#live(random.pick([25 * MINUTE, 6 * HOUR, DAY]));
    const telling = lie.forever ? this.#telling(turns) : null;
    if ((await this.#sync("honest 1", { telling })) === null) return;
    clock.pass(random.pick([30 * MINUTE, 5 * HOUR, 30 * HOUR]));
    let last = await this.#sync("honest 2", { telling });
    if (last === null) return;
    // What no sync was told of, the audits of some more find by counting.
    for (let nth = 3; nth <= HEALED_BY && !lie.forever && this.#differences().length > 0; nth += 1) {
      clock.pass(4 * HOUR);
      last = await this.#sync(`honest ${nth}`, { telling });
      if (last === null) return;
      this.outcome.healedBy = nth;
    }
    await this.#judge(last);
    if (afterwards && this.outcome.differences.length > 0) await this.#lookAfterwards(telling);
  }

  #telling(turn: number): Telling {
    return { lie: this.#lie, turn, memory: this.#memory };
  }

  #live(ms: number): void {
    const { clock, account } = this.#server;
    const from = clock.now();
    clock.pass(ms);
    account.live(from, clock.now(), this.#random);
  }

  /** A sync while rows change and the lie is told; false when nothing can follow. */
  async #lyingSync(turn: number): Promise<boolean> {
    const lie = this.#lie;
    const { account, clock } = this.#server;
    const telling = this.#telling(turn);
    const name = `lying ${turn + 1}`;
    this.#server.telling = telling;
    lie.begin?.(this.#server.teller());
    const began = clock.now();
    const random = createRandom(this.#seed, lie.name, "churn", turn);
    const onRequest = (nth: number) => {
      if (nth % 4 === 0) account.happen(clock.now(), random);
    };
    if (lie.kills ?? (this.#seed > 3 && random.chance(0.3))) {
      const killAt = random.int(2, this.outcome.plan === "first" ? 30 : 14);
      if ((await this.#sync(`${name}, killed`, { telling, onRequest, killAt })) === null) return false;
    }
    const run = await this.#sync(name, { telling, onRequest });
    if (run === null) return false;
    this.outcome.lies += run.lies;
    if (run.report === null) {
      this.outcome.told = true;
      return true;
    }
    const lacks = lacking(this.db, account, began, this.#streams);
    for (const { stream, status } of run.report.streams) {
      if (status !== "done") this.outcome.told = true;
      const ids = status === "done" ? (lacks.get(stream) ?? []) : [];
      this.outcome.healed += ids.length;
      if (lie.visible && ids.length > 0)
        this.outcome.problem(
          "dishonest",
          `${name} calls ${stream} done, which lacks ${ids.length} rows: ${ids.slice(0, 3)}`,
        );
    }
    await this.#checkStatus(name);
    return true;
  }

  /** Runs a sync and looks at how it ended; null when nothing can follow. */
  async #sync(name: string, { telling = null, onRequest, killAt }: SyncOptions): Promise<Run | null> {
    const { outcome } = this;
    const server = this.#server;
    server.beginSync(name, telling);
    this.#begun.push({ name, at: server.clock.now() });
    const run = await runSync(server, {
      ...settings(this.#seed),
      ...{ db: this.db, folder: this.#folder, streams: this.#streams },
      ...{ machine: telling?.lie.machine, timeout: telling?.lie.timeout, onRequest, killAt },
    });
    const { code, report, stopped } = run;
    const streams = report?.streams ?? [];
    const undone = streams
      .filter(({ status }) => status !== "done")
      .map(({ stream, status, error }) => `${stream} ${status} (${error?.message ?? "no error"})`)
      .join("; ");
    const time = `${(run.ms / 1_000).toFixed(1)} s, ${run.peak.toFixed(0)} MB`;
    if (run.peak > MOST_MB) outcome.problem("greedy", `${name} takes ${run.peak.toFixed(0)} MB`);
    outcome.syncs.push(
      `${name}: ${stopped ?? `exit ${code}`}, ${run.requests} requests, ${run.lies} lies, ${time} ${undone}`.trim(),
    );
    if (stopped === "killed") return run;
    if (stopped !== null) {
      outcome.problem(stopped, `${name} does not end: ${run.requests} requests in ${time}`);
      return null;
    }
    // A key may be called refused by a server that lies; all else that ends without a report is no lie's fault.
    const lied = telling !== null && !telling.lie.forever;
    const mayEnd = lied ? [3, 4, ...(telling.lie.mayEnd ?? [])] : [];
    if (!([0, 4, 6].includes(code) && report !== null) && !mayEnd.includes(code)) {
      outcome.problem("crashed", `${name} ends with exit code ${code}: ${run.stderr.trim().slice(-600)}`);
      return null;
    }
    if (code === 0 && undone !== "") outcome.problem("dishonest", `${name} ends with 0, and ${undone}`);
    for (const { stream, status, synced_to } of streams) {
      if (status === "done") this.#everDone.add(stream);
      this.#checkTime(`${name}: ${stream}`, synced_to, run.at);
    }
    return run;
  }

  /** One of the two clocks is right, at least: nothing is synced beyond it. */
  #checkTime(where: string, syncedTo: string | null, now: number): void {
    if (syncedTo !== null && !(Date.parse(syncedTo) <= now + SECOND))
      this.outcome.problem("future", `${where} is synced to ${syncedTo}, at ${new Date(now).toISOString()}`);
  }

  /** What `status` says must be so: counts, times, and complete only where a sync ever was done. */
  async #checkStatus(after: string): Promise<void> {
    // It costs a process: one time in three is often enough, over all lies.
    if (hash(`${this.#lie.name} ${this.#seed} ${after}`) % 3 !== 0) return;
    const status = await askStatus(this.#server, this.db, this.#folder);
    const problem = (text: string) => this.outcome.problem("status", `after ${after}, ${text}`);
    if (status === null) {
      problem("it fails");
      return;
    }
    const held = counts(this.db);
    for (const { stream, rows, deleted, complete, synced_to } of status.streams) {
      const are = held.get(stream);
      if (are === undefined) continue;
      if (are.rows !== rows || are.deleted !== deleted)
        problem(`it says ${stream} ${rows} and ${deleted} deleted, of ${are.rows} and ${are.deleted}`);
      if (complete && !this.#everDone.has(stream)) problem(`it calls ${stream} complete, which never was`);
      this.#checkTime(`after ${after}, status: ${stream}`, synced_to, this.#server.clock.now());
    }
  }

  #differences(): Difference[] {
    const excuses = this.#lie.excuses;
    const teller = this.#server.teller();
    return differences(this.db, this.#server.account, this.#streams).filter(({ row, how }) => {
      return row === null || excuses === undefined || !excuses(row, how, teller);
    });
  }

  async #judge(last: Run): Promise<void> {
    const lie = this.#lie;
    const { outcome } = this;
    const streams = last.report?.streams ?? [];
    const undone = new Set(streams.filter(({ status }) => status !== "done").map(({ stream }) => stream));
    // Kustomer that is like that for ever may be one that the program says it cannot read.
    const lost = this.#differences().filter(({ stream }) => !lie.forever || !undone.has(stream));
    if (lost.length > 0) {
      outcome.differences = lost;
      outcome.healed = 0;
      outcome.problem(lost.every(({ how }) => how === "foreign") ? "foreign" : "lost", this.#describe(lost));
    }
    if (undone.size > 0) outcome.told = true;
    if (undone.size > 0 && !lie.forever)
      outcome.problem("stuck", `the last honest sync leaves ${[...undone].join(", ")} undone`);
    await this.#checkStatus("the last honest sync");
  }

  /** Whether still more honest syncs, or `verify --repair`, find what is lost. */
  async #lookAfterwards(telling: Telling | null): Promise<void> {
    for (let nth = HEALED_BY + 1; nth <= HEALED_BY + 3; nth += 1) {
      this.#server.clock.pass(DAY);
      if ((await this.#sync(`honest ${nth}`, { telling })) === null) return;
      if (this.#differences().length > 0) continue;
      this.outcome.afterwards = `honest ${nth} heals it`;
      return;
    }
    this.#server.beginSync("verify --repair", telling);
    const ended = await repair(this.#server, this.db, this.#folder, this.#streams);
    const left = this.#differences().length;
    this.outcome.afterwards = `three more honest syncs do not heal it; verify --repair ${
      ended && left === 0 ? "does" : `leaves ${left} rows`
    }`;
  }

  #describe(found: readonly Difference[]): string {
    const sums = new Map<string, number>();
    for (const { stream, how } of found)
      sums.set(`${stream} ${how}`, (sums.get(`${stream} ${how}`) ?? 0) + 1);
    const sum = [...sums].map(([what, count]) => `${count} ${what}`).join(", ");
    const lines = found.slice(0, 8).map(({ stream, id, how, detail, row }) => {
      return `    ${stream} ${id} ${how}: ${detail}${row === null ? "" : this.#when(row)}`;
    });
    return [`${found.length} rows differ: ${sum}`, ...lines].join("\n");
  }

  /** How long before which sync the row last changed. */
  #when(row: Row): string {
    const { updatedAt } = row.versions.at(-1)!;
    const next = this.#begun.find(({ at }) => at >= updatedAt);
    if (next === undefined) return "";
    return ` (${Math.round((next.at - updatedAt) / SECOND).toLocaleString("en")} s before "${next.name}")`;
  }
}
