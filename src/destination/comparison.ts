/**
 * The contract of a destination that can be held against Kustomer: what Kustomer has is noted, row by row, and held
 * against what the destination holds. What changed at or after the beginning is noted and never a difference.
 */
import type { Resource } from "../lib/resource.ts";
import type { Stream } from "../streams/define.ts";
import type { Gone } from "./destination.ts";

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
  /** What was not noted. */
  readonly gone: Gone;
  /**
   * Takes what was not noted, of the rows last changed at `from` (ms; null: ever) or later, for gone; marks it as
   * deleted where that is to be repaired, in one transaction. Throws `sweep-refused`.
   */
  readonly end: (stream: Stream, from: number | null) => number;
  readonly differences: (stream: Stream) => Differences;
  /** True when the file has rows of a stream, or has a state of it. */
  readonly holds: (stream: Stream) => boolean;
  readonly close: () => void;
};
