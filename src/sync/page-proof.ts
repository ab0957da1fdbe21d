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
  /** Each row's value of the sort attribute, in the page's order, ms; null where it is not a date. */
  readonly times: readonly (number | null)[];
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
  /** Every row before `at` came; the rows at `at` reach the end of the page, which began with them. */
  | { readonly kind: "tie"; readonly at: number }
  /** The order or the filter was not honoured: only a range that fits a page can be read. */
  | { readonly kind: "unsorted" }
  /** The page is not whole: ask again. */
  | { readonly kind: "unsound"; readonly why: string };

/** Says what a first page, asked for in ascending order, proves. */
export function provePage(asked: AskedPage, given: GivenPage): PageProof {
  const { times, pageSize, timedOut } = given;
  if (timedOut) return { kind: "unsound", why: "the search timed out with part of the rows" };
  const full = times.length >= pageSize;
  // A total below the rows that came says nothing.
  const total = given.total !== null && given.total >= times.length ? given.total : null;
  if (total === null ? !full : times.length === total) return { kind: "all" };
  if (!full) {
    const due = Math.min(total ?? pageSize, pageSize);
    return { kind: "unsound", why: `a page of ${times.length} rows where ${due} are due` };
  }
  let last = asked.from;
  for (const time of times) {
    if (time === null || time < last || time >= asked.to) return { kind: "unsorted" };
    last = time;
  }
  return times[0] === last ? { kind: "tie", at: last } : { kind: "through", last };
}
