/**
 * How long a stream still takes. Where the rate limit holds a run back, rows come in bursts: what was asked in one
 * window may be asked again a window later, so the last window is taken to come again, the waiting in it included.
 */

/** How many rows had come by an instant (ms). */
export type Sample = { readonly at: number; readonly rows: number };

/** The rate limit: what was used of it in the last window, and how long the next request must still wait. */
export type Limit = {
  readonly windowMs: number;
  readonly used: number;
  readonly budget: number | null;
  readonly waitMs: number | null;
};

/** Without it a rate means little, ms. */
const LEAST_MS = 1_000;
/** A run that waits for the limit has used it up, but for what frees itself in the burst that follows. */
const HALF = 0.5;

/**
 * Milliseconds until `left` more rows have come, never less than the wait for the limit; null while that cannot be
 * told. `samples` are in order, the last of them the present state, and reach a window back where it has run so long.
 */
export function timeLeft(samples: readonly Sample[], now: number, left: number, limit: Limit): number | null {
  const { windowMs, used, budget } = limit;
  const wait = limit.waitMs ?? 0;
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || now - first.at < LEAST_MS || last.rows <= first.rows) {
    return null;
  }
  const steadily = (left * (now - first.at)) / (last.rows - first.rows);
  const share = budget === null ? 0 : Math.min(1, used / budget);
  const from = samples.findLast(({ at }) => at <= now - windowMs) ?? first;
  const elapsed = Math.min(now - from.at, windowMs);
  const gained = last.rows - from.rows;
  // In a first window the rest of the budget brings as much as what was used of it did, and then there is a wait.
  const isFirst = elapsed < windowMs && wait <= 0;
  const isLimited = wait > 0 || (isFirst ? share > 0 && elapsed / share < windowMs : share >= HALF);
  if (!isLimited || gained <= 0) return Math.max(wait, steadily);
  const perWindow = isFirst ? gained / share : gained;
  const after = left - (perWindow - gained);
  if (after <= 0) return steadily;
  const windows = Math.ceil(after / perWindow) - 1;
  const rest = after - windows * perWindow;
  const again = samples.find(({ rows }) => rows - from.rows >= rest);
  const position = again === undefined ? (rest * elapsed) / gained : again.at - (now - elapsed);
  return Math.max(wait, windowMs - elapsed + windows * windowMs + position);
}
