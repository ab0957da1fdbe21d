/**
 * A file of ours, open. Everything that changes it goes through one immediate transaction, with the rows and
 * the state that says they were read together: either both are there afterwards, or neither.
 */
import type { Database } from "bun:sqlite";
import type { Resource } from "../lib/resource.ts";
import type { Stream } from "../streams/define.ts";
import { STREAMS } from "../streams/index.ts";
import { type CompareOptions, type Comparison, createComparison } from "./compare.ts";
import { type Layout, readLayout } from "./layout.ts";
import { createLock, type Lock } from "./lock.ts";
import { type Mode, openFile } from "./open.ts";
import { resetStreams } from "./reset.ts";
import { beginRun, checkAccount, finishRun, type RunEnd, type RunStart } from "./runs.ts";
import { onFile } from "./sqlite-failure.ts";
import { loadState, type StoredState, saveState } from "./state.ts";
import { type StreamStatus, streamStatus } from "./status.ts";
import { countMissing, sweep } from "./sweep.ts";
import { TableWriter } from "./write.ts";

export type Batch = {
  readonly stream: Stream;
  readonly rows: readonly Resource[];
  /** The state after these rows; null leaves the stored one as it is. */
  readonly state: StoredState | null;
  /** True when the rows come from a listing of deleted rows. */
  readonly deleted?: boolean;
  /** The ids of a complete listing: live rows that are not among them are marked deleted. */
  readonly sweep?: ReadonlySet<string>;
  /** True to mark them however many they are. */
  readonly force?: boolean;
  /** The server's clock, ms. */
  readonly now: number;
};

/** How many rows a batch inserted or changed, and how many it newly marked deleted. */
export type Committed = { readonly written: number; readonly deleted: number };

export type Store = {
  readonly path: string;
  /** True when the file held nothing before it was opened. */
  readonly wasEmpty: boolean;
  readonly lock: Lock;
  readonly loadState: (stream: Stream) => StoredState | null;
  /** Writes a batch in one transaction; everything of it is there afterwards, or nothing. */
  readonly commit: (batch: Batch) => Committed;
  /** How many live rows of a stream are not among these ids. */
  readonly countMissing: (stream: Stream, ids: ReadonlySet<string>) => number;
  /** Forgets how far streams are, and with `drop` their rows too; returns how many rows of each went. */
  readonly reset: (streams: readonly Stream[], options: { readonly drop: boolean }) => number[];
  /** Begins to hold the file against what Kustomer has. */
  readonly compare: (options: CompareOptions) => Comparison;
  /** Throws `store-foreign` when the file is another account's than `org`. */
  readonly checkAccount: (org: string | null) => void;
  readonly beginRun: (run: RunStart) => number;
  readonly finishRun: (run: number, end: RunEnd) => void;
  readonly status: () => StreamStatus[];
  /** The columns of a stream's table, those that came by drift included. */
  readonly layout: (stream: Stream) => Layout;
  /** The base URLs that runs have asked. */
  readonly apis: () => string[];
  /** Runs a statement that reads. */
  readonly query: (sql: string) => Record<string, string | number | null>[];
  readonly close: () => void;
};

/**
 * Opens a file: `create` makes it where there is none, `write` and `read` do not. Throws `store-*` errors, and
 * then has not touched the file.
 */
export function openStore(path: string, { mode }: { mode: Mode }): Store {
  const { db, wasEmpty } = openFile(path, mode);
  const isWriter = mode !== "read";
  const lock = isWriter ? createLock(db, path) : NO_LOCK;
  const writers = new Map<string, TableWriter>();
  let isOpen = true;

  const layout = (stream: Stream) =>
    writers.get(stream.name)?.layout ?? onFile(path, () => readLayout(db, stream));

  function writerOf(stream: Stream): TableWriter {
    const known = writers.get(stream.name);
    if (known !== undefined) return known;
    const writer = new TableWriter(db, stream, readLayout(db, stream));
    writers.set(stream.name, writer);
    return writer;
  }

  const write = db.transaction((batch: Batch, writer: TableWriter): Committed => {
    lock.verify();
    const { written, deleted } = writer.write(batch.rows, batch.deleted ?? false, batch.now);
    const swept =
      batch.sweep === undefined
        ? 0
        : sweep(db, batch.stream, batch.sweep, { now: batch.now, force: batch.force ?? false });
    if (batch.state !== null) saveState(db, batch.stream, batch.state);
    return { written: written + swept, deleted: deleted + swept };
  });

  const reset = db.transaction((streams: readonly Stream[], drop: boolean): number[] => {
    lock.verify();
    return resetStreams(db, streams, drop);
  });

  return {
    path,
    wasEmpty,
    lock: {
      acquire: (command) => onFile(path, () => lock.acquire(command)),
      verify: lock.verify,
      release: lock.release,
    },
    loadState: (stream) => onFile(path, () => loadState(db, stream)),
    commit: (batch) =>
      onFile(path, () => {
        const writer = writerOf(batch.stream);
        const before = writer.layout;
        try {
          return write.immediate(batch, writer);
        } catch (error) {
          // The columns that the batch brought went with its transaction.
          writer.restore(before);
          throw error;
        }
      }),
    countMissing: (stream, ids) => onFile(path, () => countMissing(db, stream, ids)),
    reset: (streams, { drop }) => onFile(path, () => reset.immediate(streams, drop)),
    compare: (options) => onFile(path, () => createComparison({ db, path, lock, layout }, options)),
    checkAccount: (org) => onFile(path, () => checkAccount(db, path, org)),
    beginRun: (run) => onFile(path, () => beginRun(db, path, run)),
    finishRun: (run, end) => onFile(path, () => finishRun(db, run, end)),
    status: () => onFile(path, () => STREAMS.map((stream) => streamStatus(db, stream))),
    layout,
    apis: () => {
      const runs = db.query<{ api: string }, []>("SELECT DISTINCT api FROM _sync_runs");
      return onFile(path, () => runs.all().map(({ api }) => api));
    },
    query: (sql) => onFile(path, () => db.query<Record<string, string | number | null>, []>(sql).all()),
    close() {
      if (!isOpen) return;
      isOpen = false;
      for (const writer of writers.values()) writer.finalize();
      lock.release();
      if (isWriter) checkpoint(db);
      db.close();
    },
  };
}

/** Brings everything into the one file; another reader may keep SQLite from it, which loses nothing. */
function checkpoint(db: Database): void {
  try {
    db.run("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch {
    // The next opening does it.
  }
}

const NO_LOCK: Lock = { acquire() {}, verify() {}, release() {} };
