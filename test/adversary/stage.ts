/** Where scenarios are played: a folder, and the first honest sync of each seed, which many of them begin with. */
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Account } from "./account.ts";
import { KINDS } from "./kinds.ts";
import type { Lie } from "./lie.ts";
import { differences } from "./oracle.ts";
import type { Outcome } from "./outcome.ts";
import { runSync } from "./program-run.ts";
import { BORN, Scenario, settings } from "./scenario.ts";
import { AdversaryServer } from "./server.ts";
import { WorldClock } from "./world-clock.ts";

export class Stage {
  readonly #bases = new Map<number, Promise<string>>();
  readonly #folder: string;
  #next = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Plays one lie with one seed. With `afterwards`, what is lost is looked for by more honest syncs, and by `verify`. */
  async play(lie: Lie, seed: number, options: { afterwards?: boolean } = {}): Promise<Outcome> {
    const server = await AdversaryServer.start(new Account(seed, BORN), new WorldClock(BORN));
    const folder = this.#newFolder();
    try {
      const scenario = new Scenario(server, lie, seed, folder);
      if (scenario.outcome.plan !== "first") copyFileSync(await this.base(seed), scenario.db);
      await scenario.play(options.afterwards ?? false);
      return scenario.outcome;
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** The file after a first honest sync of an account that stood still. */
  base(seed: number): Promise<string> {
    const known = this.#bases.get(seed);
    if (known !== undefined) return known;
    const base = this.#makeBase(seed);
    this.#bases.set(seed, base);
    return base;
  }

  async #makeBase(seed: number): Promise<string> {
    const folder = this.#newFolder();
    const db = join(folder, "base.db");
    const account = new Account(seed, BORN);
    const server = await AdversaryServer.start(account, new WorldClock(BORN));
    try {
      server.beginSync("base", null);
      const run = await runSync(server, { ...settings(seed), db, folder, streams: KINDS });
      if (run.code !== 0) throw new Error(`an honest first sync ended with ${run.code}: ${run.stderr}`);
      const different = differences(db, account);
      if (different.length > 0)
        throw new Error(
          `${different.length} rows differ after an honest first sync: ${different[0]?.detail}`,
        );
      return db;
    } finally {
      await server.stop();
    }
  }

  #newFolder(): string {
    const folder = join(this.#folder, `scenario-${++this.#next}`);
    mkdirSync(folder);
    return folder;
  }
}
