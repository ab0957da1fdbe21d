/**
 * Where a verification meets a file, as a sync meets it at a `Sink`: what Kustomer has is noted, row by row,
 * and held against what the file holds. What changed at or after the beginning is noted and never a difference.
 */
import type { Resource } from "../lib/resource.ts";
import type { Stream } from "../streams/define.ts";

/** What differs in one stream; of each kind up to ten ids. */
export type Differences = {
  /** Rows that Kustomer showed. */
  readonly checked: number;
  /** In Kustomer, not in the file. */
  readonly missing: number;
  /** In the file in an older version, or deleted on one side only. */
  readonly stale: number;
  /** Live in the file, not in Kustomer. */
  readonly extra: number;
  /** How many of all these were repaired. */
  readonly repaired: number;
  /** How many of the missing and stale ones changed after the last sync, which could not know of it. */
  readonly sinceSync: number;
  readonly examples: Readonly<Record<"missing" | "stale" | "extra", readonly string[]>>;
};

export type Comparison = {
  /** Notes rows as Kustomer sent them; returns those that the file lacks, or holds in an older version. */
  readonly note: (stream: Stream, rows: readonly Resource[], deleted: boolean) => readonly Resource[];
  /** How many live rows of the file are not among these ids. */
  readonly countMissing: (stream: Stream, ids: ReadonlySet<string>) => number;
  /** Finds the file's live rows, last changed at `from` (ms; null: ever) or later, that were not noted. */
  readonly findExtra: (stream: Stream, from: number | null) => number;
  /** Takes what was noted meanwhile out of what `findExtra` found; tells how many, and how many are left. */
  readonly dropNoted: (stream: Stream) => { readonly dropped: number; readonly left: number };
  /** Marks what is left as deleted in one transaction, and returns how many; throws `sweep-refused`. */
  readonly markExtra: (stream: Stream) => number;
  readonly differences: (stream: Stream) => Differences;
};
