/**
 * The contract between the engine and whatever keeps the rows: a SQLite file, or the output of a protocol. A commit is
 * whole: its rows, and the state that says they were read, are kept together or not at all, and never the state before
 * the rows. So a run that is killed at any instant can go on from the last state that was kept.
 */
import type { Resource } from "../lib/resource.ts";
import type { Stream } from "../streams/define.ts";

/** Instants, ms: `from` inclusive, `to` exclusive, which may be Infinity. */
export type Range = { readonly from: number; readonly to: number };

/** What an audit of a stream counted: how many rows Kustomer's search index has, and how many the destination. */
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

/** The engine's own record of what it has read of a stream, as JSON; a destination keeps it and looks no deeper. */
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

/** A row that the destination has, and that did not come where it should have. */
export type Suspect = {
  readonly id: string;
  /** Its last change as the destination has it, ms; null when it has no date. */
  readonly updatedAt: number | null;
};

export type Batch = {
  readonly stream: Stream;
  readonly rows: readonly Resource[];
  /** The state after these rows; null leaves the one that was kept as it is. */
  readonly state: StoredState | null;
  /** True when the rows come from a listing of deleted rows, whatever they say themselves. */
  readonly deleted?: boolean;
  /** The ids of a complete listing: live rows that are not among them are gone. For a destination that tells `gone`. */
  readonly sweep?: ReadonlySet<string>;
  /** What a full read wants done beside. For a destination that tells `gone`. */
  readonly seen?: Seen;
  /** Ids of rows that are gone. For a destination that tells `gone`. */
  readonly gone?: readonly string[];
  /** the earlier of the two clocks at the start of the run (ms), for what has no date of its own. */
  readonly now: number;
};

/**
 * The rows of a full read are noted as seen: `begin` forgets first what an earlier one noted, `end` marks
 * live rows as deleted that were not noted, of those last changed at `from` (ms; null: ever) or later, and
 * forgets what was noted.
 */
export type Seen = { readonly step: "begin" | "continue" | "end"; readonly from: number | null };

export type Committed = {
  /** Rows inserted or changed, or handed on. */
  readonly written: number;
  /** Rows that were live, or new, and are now marked deleted. */
  readonly deleted: number;
};

/** What a destination can tell that knows which rows it has: those that are gone from Kustomer can be marked. */
export type Gone = {
  /** How many live rows of a stream are not among these ids. */
  readonly countMissing: (stream: Stream, ids: ReadonlySet<string>) => number;
  /** How many live rows, last changed at `from` (ms; null: ever) or later, a full read has not seen. */
  readonly countUnseen: (stream: Stream, from: number | null) => number;
  /** Some of these, in the order of their last change, from the one after `after` on. */
  readonly listUnseen: (
    stream: Stream,
    from: number | null,
    after: Suspect | null,
    limit: number,
  ) => readonly Suspect[];
};

/**
 * What a destination can tell that can be audited. Rows are counted as the search counts them: deleted ones too, but
 * for those that were marked because they did not come, so that one which the index shows again comes back to life.
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

export type Destination = {
  /** The state of a stream that was kept last; null when it was never synced. */
  readonly loadState: (stream: Stream) => StoredState | null;
  /**
   * Keeps a batch, whole. A promise says that it has to be waited for, as for a reader that is slow; the engine gives
   * no other batch before. Throws `sweep-refused` (nothing is kept) where implausibly many rows would be marked as gone.
   */
  readonly commit: (batch: Batch) => Committed | Promise<Committed>;
  /** Without it nothing is marked as gone. */
  readonly gone?: Gone;
  /** Without it nothing is audited. */
  readonly counts?: Counts;
};

/** What a destination is told of a run that begins. */
export type RunStart = {
  /** Canonical ISO text. */
  readonly startedAt: string;
  /** Of this program. */
  readonly version: string;
  /** The base URL that is asked. */
  readonly api: string;
  /** The account's id; null when the API did not tell. */
  readonly org: string | null;
  readonly streams: readonly string[];
};

/** And of one that ends. */
export type RunEnd = {
  readonly finished_at: string;
  readonly status: string;
  readonly requests: number;
  readonly waited_ms: number;
  readonly streams: readonly { readonly stream: string; readonly status: string }[];
};

/**
 * A run that a destination has opened: it took what nobody else may have meanwhile, and noted that it began. Each
 * destination has a function that opens one, with options of its own, as `openFileRun` does.
 */
export type Run = {
  readonly destination: Destination;
  /** The run's number; null where runs are not numbered. */
  readonly id: number | null;
  /** True when the destination held nothing before. */
  readonly isNew: boolean;
  /** True when the run before was cut short. */
  readonly resumes: boolean;
  /** Notes how the run ended. */
  readonly finish: (end: RunEnd) => void | Promise<void>;
  /** Releases what opening took (a lock, a file), also after an error. */
  readonly close: () => void | Promise<void>;
};
