/**
 * What one page of a search proves about the range it was asked for. Nothing is believed that the page does
 * not show: not that the sort was honoured, not that the filter was, not that the page is whole.
 */

export type AskedPage = {
  /** Inclusive, ms. */
  readonly from: number;
  /** Exclusive, ms; Infinity when the request had no upper bound. */
  readonly to: number;
};

export type GivenPage = {
  /** Each row's value of the sort attribute, in the page's order, ms; null where it tells nothing. */
  readonly times: readonly (number | null)[];
  /**
   * A row that Kustomer looks up after the search found it may have changed meanwhile, and show a time at which
   * the search did not find it. A time from here on (ms) counts only where nothing older came; default: all count.
   */
  readonly settledBefore?: number;
  /** How many rows match in all; null when the API did not say. */
  readonly total: number | null;
  /** How many rows a full page holds, by the server's word. */
  readonly pageSize: number;
  readonly timedOut: boolean;
};

export type PageProof =
  /** Every row of the range came. */
  | { readonly kind: "all" }
  /** Every row before `last` came; those at `last` perhaps not all. */
  | { readonly kind: "through"; readonly last: number }
  /** The page is full, and all of one instant: nothing shows that it is in order. */
  | { readonly kind: "tie"; readonly at: number }
  /** The order or the filter was not honoured: only a range that fits a page can be read. */
  | { readonly kind: "unsorted" }
  /** The page is not whole: ask again. */
  | { readonly kind: "unsound"; readonly why: string };

/** So many rows are not in order by chance. */
const MANY = 10;

/** Says what a first page, asked for in ascending order, proves. */
export function provePage(asked: AskedPage, given: GivenPage): PageProof {
  const { times, pageSize, timedOut, settledBefore = Number.POSITIVE_INFINITY } = given;
  if (timedOut) return { kind: "unsound", why: "the search timed out with part of the rows" };
  const full = times.length >= pageSize;
  // A total below the rows that came says nothing.
  const total = given.total !== null && given.total >= times.length ? given.total : null;
  if (total === null ? !full : times.length === total) return { kind: "all" };
  if (!full) {
    const due = Math.min(total ?? pageSize, pageSize);
    return { kind: "unsound", why: `a page of ${times.length} rows where ${due} are due` };
  }
  const known = times.filter((time) => time !== null);
  const settled = known.filter((time) => time < settledBefore);
  if (known.length === 0 || !isOrdered(asked, settled.length < MANY ? known : settled)) {
    return { kind: "unsorted" };
  }
  // To go on from where it began would be no progress.
  const last = (settled.some((time) => time > asked.from) ? settled : known).at(-1)!;
  return known[0] === last ? { kind: "tie", at: last } : { kind: "through", last };
}

function isOrdered({ from, to }: AskedPage, times: readonly number[]): boolean {
  return times.every((time, at) => time >= (times[at - 1] ?? from) && time < to);
}
