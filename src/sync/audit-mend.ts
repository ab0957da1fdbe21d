/**
 * Mends a part of a stream of which the index and the destination do not have the same number of rows: finds where
 * they differ by halving, asks for that again, and lets `judge` decide about rows that did not come. It spends no more
 * than one run may; the next run goes on.
 */
import { amountOf } from "../lib/amounts.ts";
import { AppError } from "../lib/errors.ts";
import type { AuditOptions, Reread } from "./audit.ts";
import type { Range } from "./ranges.ts";
import type { Source } from "./stream-state.ts";

/** A part that differs is read whole when it holds no more rows than this. */
export const READ_WHOLE = 20_000;
/** Of a larger stream, parts that differ are halved down to this. */
export const LEAF = 2_000;
/** So many requests, counts and pages, one audit spends on a difference; the next run goes on. */
export const MOST_REQUESTS = 100;
export const PAGE = 500;
/** A difference that stayed after all of it came is looked into again every so many times: it may have been a lie. */
export const ASKED_AFRESH = 9;
/** More than this many rows fewer in the index than in the file, and over a third of them: it is ill. */
const FEW_ROWS = 10;
const MOST_SHARE = 3;

/** A range, and how many rows each side has in it. */
export type Part = { readonly range: Range; readonly index: number; readonly file: number };

export const differing = (parts: readonly Part[]) => parts.filter(({ index, file }) => index !== file);
export const total = (parts: readonly Part[], of: "index" | "file") =>
  parts.reduce((sum, part) => sum + part[of], 0);

/** Throws when so much is not in the index that this is more likely its fault than the truth. */
export function checkHealth(index: number, file: number): void {
  const fewer = file - index;
  if (fewer <= FEW_ROWS || fewer * MOST_SHARE <= file) return;
  throw new AppError(
    "sweep-refused",
    `the search counts ${amountOf(index, "row")}, and the file has ${file}; nothing was concluded`,
    {
      hint: "see in Kustomer whether they are really gone: so many at once are more likely a fault of its index",
    },
  );
}

/**
 * Reads again what differs, and has judged what did not come, within the means of one run; returns whether that
 * was all there is to do.
 */
export async function* mend(
  source: Source,
  parts: readonly Part[],
  options: AuditOptions,
): AsyncGenerator<Reread, boolean, ReadonlySet<string>> {
  const { counts, judge } = options;
  let left = MOST_REQUESTS;
  let isEnd = true;
  const later = () => {
    isEnd = false;
  };
  const leaves: Range[] = [];

  async function locate({ range, index, file }: Part): Promise<void> {
    const size = Math.max(index, file);
    const pages = Math.ceil(size / PAGE) + 1;
    if (size <= LEAF) {
      if (left < pages) return later();
      left -= pages;
      leaves.push(range);
      return;
    }
    const at = counts.instantAt(range, file >> 1) ?? Math.floor((range.from + range.to) / 2);
    const middle = at > range.from && at < range.to ? at : Math.floor((range.from + range.to) / 2);
    if (left < 1 || middle <= range.from) return later();
    left -= 1;
    const upper = { from: middle, to: range.to };
    const lower = { from: range.from, to: middle };
    const upperIndex = await options.count(source, upper);
    if (upperIndex === null) return later();
    const halves = [
      { range: upper, index: upperIndex, file: counts.count(upper) },
      { range: lower, index: index - upperIndex, file: counts.count(lower) },
    ];
    for (const half of differing(halves)) await locate(half);
  }

  const size = Math.max(total(parts, "index"), total(parts, "file"));
  // In a stream that is read in some pages, rows too many and too few may hide each other: it is read whole.
  if (size <= READ_WHOLE) leaves.push(...parts.map(({ range }) => range));
  else for (const part of differing(parts)) await locate(part);
  if (leaves.length === 0) return isEnd;
  const came = yield { source, ranges: leaves };
  const suspects = leaves.flatMap((range) => counts.absent(range, came, READ_WHOLE));
  if (suspects.length === 0) return isEnd;
  // A row that the file has in an old version is too many where it was, and too few where it is: only as many
  // can be gone as there are too many in the whole.
  const span = spanOf(parts);
  const index = await options.count(source, span);
  if (index === null || counts.count(span) - index < suspects.length) return false;
  yield* judge(suspects);
  return isEnd;
}

function spanOf(parts: readonly Part[]): Range {
  return {
    from: Math.min(...parts.map(({ range }) => range.from)),
    to: Math.max(...parts.map(({ range }) => range.to)),
  };
}
