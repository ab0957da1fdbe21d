/**
 * Where the engine meets a destination. A commit is atomic: its rows and the state that says they were read
 * become durable together or not at all, so that a run killed at any instant can go on from the state.
 */
import type { Resource } from "../lib/resource.ts";
import type { Stream } from "../streams/define.ts";

/** The engine's own record of what it has read of a stream, as JSON; a sink stores it and looks no deeper. */
export type StoredState = {
  readonly state: unknown;
  /** Everything changed before this instant (canonical ISO text) has been read; null when nothing has. */
  readonly syncedTo: string | null;
  /** True when the last thing the engine did left nothing open. */
  readonly complete: boolean;
};

export type Batch = {
  readonly stream: Stream;
  readonly rows: readonly Resource[];
  /** The state after these rows; null leaves the stored one as it is. */
  readonly state: StoredState | null;
  /** True when the rows come from a listing of deleted rows, whatever they say themselves. */
  readonly deleted?: boolean;
  /** The ids of a complete listing: live rows of the table that are not among them are marked deleted. */
  readonly sweep?: ReadonlySet<string>;
  /** What a full read wants done beside. */
  readonly seen?: Seen;
  /** The server's clock (ms), for what has no date of its own. */
  readonly now: number;
};

/**
 * The rows of a full read are noted as seen: `begin` forgets first what an earlier one noted, `end` marks
 * live rows as deleted that were not noted, of those last changed at `from` (ms; null: ever) or later, and
 * forgets what was noted. Throws `sweep-refused` as a listing's sweep does.
 */
export type Seen = { readonly step: "begin" | "continue" | "end"; readonly from: number | null };

export type Committed = {
  /** Rows inserted or changed. */
  readonly written: number;
  /** Rows that were live, or new, and are now marked deleted. */
  readonly deleted: number;
};

export type Sink = {
  /** The stored state of a stream; null when it was never synced. */
  readonly loadState: (stream: Stream) => StoredState | null;
  /** Writes a batch in one transaction. Throws `sweep-refused` (nothing written) when a sweep is implausible. */
  readonly commit: (batch: Batch) => Committed;
  /** How many live rows of a stream are not among these ids. */
  readonly countMissing: (stream: Stream, ids: ReadonlySet<string>) => number;
  /**
   * How many live rows, last changed at `from` (ms; null: ever) or later, a full read has not seen. A sink
   * without it cannot tell; then nothing is marked deleted after a full read.
   */
  readonly countUnseen?: (stream: Stream, from: number | null) => number;
};
