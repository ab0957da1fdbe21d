/**
 * What one page of a search proves about the range it was asked for. Nothing is believed that the page does
 * not show: not that the sort was honoured, not that the filter was, not that the page is whole, and not that
 * its rows are those the search found. Hits are found and sorted by what the index knew; the rows are fetched
 * afterwards, and one that was edited in between shows a newer time than the one that put it into its place.
 */

export type AskedPage = {
  /** Inclusive, ms. */
  readonly from: number;
  /** Exclusive, ms; Infinity when the request had no upper bound. */
  readonly to: number;
};

/** A row as it came: its value of the sort attribute, ms; null where it tells nothing. */
export type GivenRow = { readonly id: string; readonly time: number | null };

export type GivenPage = {
  /** In the page's order. */
  readonly rows: readonly GivenRow[];
  /** A row that shows this time (ms) or a later one may have changed since the index was asked; default: none has. */
  readonly settledBefore?: number;
  /** True where no row's value of the sort attribute ever changes; default: an edit may have changed it. */
  readonly isFixed?: boolean;
  /** How many rows match in all; null when the API did not say. */
  readonly total: number | null;
  /** How many rows a full page holds, by the server's word. */
  readonly pageSize: number;
  readonly timedOut: boolean;
};

/** A row by which the page can be gone on from: asked from its time on, the search must show it again. */
export type Mark = { readonly id: string; readonly at: number };

export type PageProof =
  /** Every row of the range came. */
  | { readonly kind: "all" }
  /**
   * The page is full, and in order: every row before a mark came, if that row stands where the index has it.
   * Only the search can say so, by showing it again to whoever asks from its time on. The last mark reaches
   * furthest; there is at least one.
   */
  | { readonly kind: "through"; readonly marks: readonly Mark[] }
  /** The page is full, and what is settled in it is of one instant. */
  | { readonly kind: "tie"; readonly at: number }
  /** The page is full, and none of its rows shows for sure where the index has it: it proves nothing. */
  | { readonly kind: "unsettled" }
  /** The order or the filter was not honoured: only a range that fits a page can be read. */
  | { readonly kind: "unsorted" }
  /** The page is not whole: ask again. */
  | { readonly kind: "unsound"; readonly why: string };

/**
 * Of so many rows in no order, half do not come to stand in one by chance (once in 300 million pages). Of fewer they may: of
 * ten, once in fifty.
 */
export const MANY = 30;

/** Says what a first page, asked for in ascending order, proves. */
export function provePage(asked: AskedPage, given: GivenPage): PageProof {
  const {
    rows,
    total,
    pageSize,
    timedOut,
    settledBefore = Number.POSITIVE_INFINITY,
    isFixed = false,
  } = given;
  if (timedOut) return { kind: "unsound", why: "the search timed out with part of the rows" };
  // A count is one word, and may be wrong: only a page with room for more shows that there was no more.
  if (rows.length < pageSize) {
    if (total === null || total <= rows.length) return { kind: "all" };
    const due = Math.min(total, pageSize);
    return { kind: "unsound", why: `a page of ${rows.length} rows where ${due} are due` };
  }
  const known = rows.flatMap(({ id, time }) => (time === null ? [] : [{ id, at: time }]));
  // An edit makes a row newer: none can be older than the index had it.
  if (known.length === 0 || known.some(({ at }) => at < asked.from)) return { kind: "unsorted" };
  const settled = known.filter(({ at }) => at < settledBefore && at < asked.to);
  const inPlace = keepInPlace(settled);
  if (settled.length >= MANY && !isFixed) {
    if (inPlace.length * 2 <= settled.length) return { kind: "unsorted" };
  } else if (!isAscending(known) || known.some(({ at }) => at >= asked.to && at < settledBefore)) {
    // Among few settled rows an order may be chance, and a want of it may come of edits.
    return { kind: known.length >= MANY && !isFixed ? "unsettled" : "unsorted" };
  }
  const [first] = inPlace;
  if (first === undefined) return { kind: "unsettled" };
  if (known.every(({ at }) => at === first.at)) return { kind: "tie", at: first.at };
  // To go on from where it began would be no progress.
  const marks = inPlace.filter(({ at }) => at > asked.from);
  return marks.length === 0 ? { kind: "tie", at: first.at } : { kind: "through", marks };
}

/** A row that stands where the index has it is not newer than any that comes after it. */
function keepInPlace(rows: readonly Mark[]): Mark[] {
  const kept: Mark[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (const row of rows.toReversed()) {
    if (row.at > least) continue;
    least = row.at;
    kept.push(row);
  }
  return kept.reverse();
}

function isAscending(rows: readonly Mark[]): boolean {
  return rows.every(({ at }, place) => place === 0 || at >= rows[place - 1]!.at);
}
