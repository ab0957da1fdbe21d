/** Preloaded into the program: gives it the time of the server's world, right or wrong, and makes it wait as fast. */
import type { ProgramClock } from "./world-clock.ts";

const { real, world, speed, errors } = JSON.parse(process.env.ADVERSARY_CLOCK ?? "{}") as ProgramClock;
const RealDate = Date;

function now(): number {
  const passed = (RealDate.now() - real) * speed;
  const turn = Math.max(0, Math.floor(passed / 1_000));
  return Math.round(world + passed + (errors[turn % errors.length] ?? 0));
}

class WorldDate extends RealDate {
  constructor(...args: [] | [number | string]) {
    if (args.length === 0) super(now());
    else super(...(args as [number]));
  }

  static override now(): number {
    return now();
  }
}
globalThis.Date = WorldDate as DateConstructor;

const realPerformance = performance.now.bind(performance);
performance.now = () => realPerformance() * speed;

const realTimeout = globalThis.setTimeout;
const realInterval = globalThis.setInterval;
type Callback = (...args: unknown[]) => void;
globalThis.setTimeout = ((callback: Callback, ms = 0, ...args: unknown[]) =>
  realTimeout(callback, ms / speed, ...args)) as typeof setTimeout;
globalThis.setInterval = ((callback: Callback, ms = 0, ...args: unknown[]) =>
  realInterval(callback, ms / speed, ...args)) as typeof setInterval;
