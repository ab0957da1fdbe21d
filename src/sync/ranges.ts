/**
 * Sets of instants as half-open ranges [from, to), in milliseconds; `to` may be Infinity. A `Ranges` is
 * always sorted, disjoint, without empty or touching members, so equal sets are equal arrays. All pure.
 */
import type { Range } from "../destination/destination.ts";
import { latestTime } from "../lib/time.ts";

export type { Range };
export type Ranges = readonly Range[];

/** The ranges that hold every instant of the given ones. */
export function normalize(ranges: Ranges): Ranges {
  const sorted = ranges.filter((range) => range.from < range.to).sort((a, b) => a.from - b.from);
  const merged: Range[] = [];
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && range.from <= last.to) {
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
    } else {
      merged.push({ from: range.from, to: range.to });
    }
  }
  return merged;
}

/** Every instant that is in `a` or in `b`. */
export function union(a: Ranges, b: Ranges): Ranges {
  return normalize([...a, ...b]);
}

/** Every instant that is in `a` and in `b`. */
export function intersect(a: Ranges, b: Ranges): Ranges {
  const common: Range[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const left = a[i]!;
    const right = b[j]!;
    const from = Math.max(left.from, right.from);
    const to = Math.min(left.to, right.to);
    if (from < to) common.push({ from, to });
    if (left.to < right.to) i += 1;
    else j += 1;
  }
  return common;
}

/** Every instant that is in `a` and not in `b`. */
export function subtract(a: Ranges, b: Ranges): Ranges {
  return intersect(a, complement(b));
}

/** Every instant that is in no range of `a`. */
export function complement(a: Ranges): Ranges {
  const gaps: Range[] = [];
  let from = Number.NEGATIVE_INFINITY;
  for (const range of a) {
    if (from < range.from) gaps.push({ from, to: range.from });
    from = range.to;
  }
  if (from < Number.POSITIVE_INFINITY) gaps.push({ from, to: Number.POSITIVE_INFINITY });
  return gaps;
}

/** Every instant before `instant`. */
export function before(instant: number): Ranges {
  return [{ from: Number.NEGATIVE_INFINITY, to: instant }];
}

/** Every instant at or after `instant`. */
export function since(instant: number): Ranges {
  return [{ from: instant, to: Number.POSITIVE_INFINITY }];
}

const DAY_MS = 86_400_000;

/**
 * Where to cut a range in two; null when it is one instant. One without an end is cut at `known`, up to where
 * time is known to be populated, and beyond that in ever longer parts.
 */
export function middleOf({ from, to }: Range, known: number): number | null {
  if (to !== Number.POSITIVE_INFINITY) return to - from > 1 ? Math.floor((from + to) / 2) : null;
  if (from < known) return known;
  return from < latestTime ? Math.min(latestTime, from + Math.max(DAY_MS, from - known)) : null;
}

/** The instant that as many of these lie before as after; null when there are none. */
export function medianOf(instants: readonly number[]): number | null {
  return instants.toSorted((a, b) => a - b)[instants.length >> 1] ?? null;
}

/** True when every instant of `range` is in `a`. */
export function covers(a: Ranges, range: Range): boolean {
  return subtract([range], a).length === 0;
}
