/** What an audit of a stream counted: how many rows Kustomer's search index has, and how many the file. */
export type Counted = {
  /** When, canonical ISO text. */
  readonly at: string;
  /** Which rows, in words: `all`, `since 2026-11-24T00:00:00.000Z`. */
  readonly of: string;
  /** Null where the index does not count that far. */
  readonly index: number | null;
  readonly file: number;
  /** Null when it could not be told: only parts could be counted, or what is counted did not hold still. */
  readonly equal: boolean | null;
};
