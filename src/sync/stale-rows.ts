/**
 * Which rows of a page came as they were before they last changed. The search sorts by what the index knows, and a row
 * that was edited since shows a later time than its neighbours, never an earlier one: one that does is an old copy.
 */
import { type GivenRow, MANY } from "./page-proof.ts";

/** Times may be rounded, or written at two places at almost the same time: so much earlier (ms) is no old copy. */
const ROUNDING_MS = 60_000;
/** So much of a page must be in order for the rest to be out of it. */
const IN_ORDER = 0.75;

/**
 * The places of rows that show an earlier time than rows before them that stand where they belong; ascending. What shows
 * `settledBefore` (ms) or a later time may just have been edited, and tells nothing of its neighbours.
 */
export function placesOfStale(rows: readonly GivenRow[], settledBefore: number): number[] {
  if (settledBefore === Number.POSITIVE_INFINITY) return [];
  const dated = rows.flatMap(({ time }, place) =>
    time === null || time >= settledBefore ? [] : [{ time, place }],
  );
  const inOrder = longestAscending(dated.map(({ time }) => time));
  if (dated.length < MANY || inOrder.size < dated.length * IN_ORDER) return [];
  const stale: number[] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const [nth, { time, place }] of dated.entries()) {
    if (inOrder.has(nth)) before = time;
    else if (time < before - ROUNDING_MS) stale.push(place);
  }
  return stale;
}

/** The places of a longest subsequence in which no value is less than the one before. */
function longestAscending(values: readonly number[]): ReadonlySet<number> {
  // Of each length, the place of the least value that ends such a subsequence, and the place before it.
  const ends: number[] = [];
  const previous: number[] = [];
  for (const [place, value] of values.entries()) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[ends[middle]!]! <= value) low = middle + 1;
      else high = middle;
    }
    previous.push(low === 0 ? -1 : ends[low - 1]!);
    ends[low] = place;
  }
  const places = new Set<number>();
  for (let place = ends.at(-1) ?? -1; place >= 0; place = previous[place]!) places.add(place);
  return places;
}
