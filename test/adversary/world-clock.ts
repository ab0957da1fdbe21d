/**
 * The time of the server's world, and how the program is made to live in it. It stands still until `run`, and then
 * goes so many times as fast as real time, in the program as here, so that no retry keeps a test waiting.
 */
import { join } from "node:path";

/** What `fast-clock.ts` reads from the environment. */
export type ProgramClock = {
  readonly real: number;
  readonly world: number;
  readonly speed: number;
  /** How wrong the program's clock is, in ms; of several, each for a second of the world's time in turn. */
  readonly errors: readonly number[];
};

const SPEED = 50;

export class WorldClock {
  #real = 0;
  #world: number;
  #runs = false;

  constructor(world: number) {
    this.#world = world;
  }

  now(): number {
    return this.#runs ? this.#world + (Date.now() - this.#real) * SPEED : this.#world;
  }

  run(): void {
    this.#real = Date.now();
    this.#runs = true;
  }

  /** Stands still from now on, or from so long after `run`: else a slow machine would make another story. */
  stop(atLeastMs = 0): void {
    this.#world = Math.max(this.now(), this.#runs ? this.#world + atLeastMs : 0);
    this.#runs = false;
  }

  /** Lets time pass at once. */
  pass(ms: number): void {
    this.stop();
    this.#world += ms;
  }

  /** The environment in which the program has this clock, or one that is wrong. */
  environment(errors: readonly number[] = [0]): Record<string, string> {
    const clock: ProgramClock = { real: this.#real, world: this.#world, speed: SPEED, errors };
    return {
      BUN_OPTIONS: `--preload=${join(import.meta.dir, "fast-clock.ts")}`,
      ADVERSARY_CLOCK: JSON.stringify(clock),
    };
  }
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const YEAR = 365.25 * DAY;
