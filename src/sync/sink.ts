/**
 * Where the engine meets a destination. A commit is atomic: its rows and the state that says they were read
 * become durable together or not at all, so that a run killed at any instant can go on from the state.
 */
import type { Counted } from "../lib/counted.ts";
import type { Resource } from "../lib/resource.ts";
import type { Stream } from "../streams/define.ts";
import type { Range } from "./ranges.ts";

/** The engine's own record of what it has read of a stream, as JSON; a sink stores it and looks no deeper. */
export type StoredState = {
  readonly state: unknown;
  /** Everything changed before this instant (canonical ISO text) has been read; null when nothing has. */
  readonly syncedTo: string | null;
  /** True when the last thing the engine did left nothing open. */
  readonly complete: boolean;
  /** Rows last changed before this instant (canonical ISO text) were not asked for; null when all were. */
  readonly start: string | null;
  /** What the last audit counted; null when there was none. */
  readonly counted: Counted | null;
};

/** A row of the destination that did not come where it should have. */
export type Suspect = {
  readonly id: string;
  /** Its last change as the destination has it, ms; null when it has no date. */
  readonly updatedAt: number | null;
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
  /** Ids of rows that are gone: live ones are marked deleted. Throws `sweep-refused` when they are implausibly many. */
  readonly gone?: readonly string[];
  /** The clock that was behind at the start of the run (ms), for what has no date of its own. */
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

/**
 * What a destination that keeps the rows can tell of those of a stream. Rows are counted as the search counts them:
 * deleted ones too, but for those that were marked because they did not come, so that one which the index shows
 * again comes back to life.
 */
export type Counts = {
  /** How many rows were last changed in a range (ms). */
  readonly count: (stream: Stream, range: Range) => number;
  /** And how many of these are live. */
  readonly live: (stream: Stream, range: Range) => number;
  /** When the row was last changed (ms) that comes so many rows after the first one of a range; null when there is none. */
  readonly instantAt: (stream: Stream, range: Range, offset: number) => number | null;
  /** The live rows last changed in a range that are not among the ids, at most `limit` of them. */
  readonly absent: (
    stream: Stream,
    range: Range,
    ids: ReadonlySet<string>,
    limit: number,
  ) => readonly Suspect[];
  /** The newest last change (ms) that lies before an instant; null when there is none. */
  readonly newest: (stream: Stream, before: number) => number | null;
};

/** What a destination can tell that notes which rows a full read has seen. */
export type Unseen = {
  /** How many live rows, last changed at `from` (ms; null: ever) or later, a full read has not seen. */
  readonly count: (stream: Stream, from: number | null) => number;
  /** Some of these, in the order of their last change, from the one after `after` on. */
  readonly list: (
    stream: Stream,
    from: number | null,
    after: Suspect | null,
    limit: number,
  ) => readonly Suspect[];
};

export type Sink = {
  /** The stored state of a stream; null when it was never synced. */
  readonly loadState: (stream: Stream) => StoredState | null;
  /** Writes a batch in one transaction. Throws `sweep-refused` (nothing written) when a sweep is implausible. */
  readonly commit: (batch: Batch) => Committed;
  /** How many live rows of a stream are not among these ids. */
  readonly countMissing: (stream: Stream, ids: ReadonlySet<string>) => number;
  /** Without it nothing is marked deleted after a full read. */
  readonly unseen?: Unseen;
  /** Without it nothing is audited. */
  readonly counts?: Counts;
};
