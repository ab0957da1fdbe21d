/**
 * A file of ours, open. Everything that changes it goes through one immediate transaction, with the rows and
 * the state that says they were read together: either both are there afterwards, or neither.
 */
import type { Database } from "bun:sqlite";
import type { Comparison } from "../destination/comparison.ts";
import type {
  Batch,
  Committed,
  Counts,
  Gone,
  RunEnd,
  RunStart,
  StoredState,
} from "../destination/destination.ts";
import { AppError } from "../lib/errors.ts";
import type { Pace } from "../lib/lease.ts";
import type { Stream } from "../streams/define.ts";
import { STREAMS } from "../streams/index.ts";
import { keepInstant, nextInstant } from "./clock.ts";
import { type CompareOptions, createComparison } from "./compare.ts";
import { absentFrom, countChanged, countChangedLive, instantAt, newestBefore } from "./counts.ts";
import { endDemo, isDemo, markDemo } from "./demo-mark.ts";
import { type Layout, readLayout } from "./layout.ts";
import { createLock, type Lock } from "./lock.ts";
import { checkPlace } from "./moved-file.ts";
import { type Mode, openFile } from "./open.ts";
import { emptyWal, setPragma } from "./pragmas.ts";
import { beginRun, checkAccount, finishRun, wasCutShort } from "./runs.ts";
import { countUnseen, listUnseen, noteSeen } from "./seen.ts";
import { isBusy, onFile } from "./sqlite-failure.ts";
import { loadState, resetStreams, saveState } from "./state.ts";
import { type StreamStatus, streamStatus } from "./status.ts";
import { checkSweep, countLive, countMissing, markDeleted, sweep } from "./sweep.ts";
import { type Moment, TableWriter } from "./write.ts";

/** A batch, and what only a file wants to know of it. */
export type FileBatch = Batch & {
  /** True to mark rows as gone however many they are. */
  readonly force?: boolean;
  /** The server's clock, ms, null where it told none: when rows were written goes by it. Default: `now`. */
  readonly heard?: number | null;
  /** True where `now` is this machine's clock, for want of a server's. */
  readonly isOwnClock?: boolean;
};

export type Store = {
  readonly path: string;
  /** True when the file held nothing before it was opened. */
  readonly wasEmpty: boolean;
  readonly lock: Lock;
  readonly loadState: (stream: Stream) => StoredState | null;
  /** Writes a batch in one transaction; everything of it is there afterwards, or nothing. */
  readonly commit: (batch: FileBatch) => Committed;
  readonly gone: Gone;
  readonly counts: Counts;
  /** Forgets how far streams are, and with `drop` their rows too; returns how many rows of each went. */
  readonly reset: (streams: readonly Stream[], options: { readonly drop: boolean }) => number[];
  /** Begins to hold the file against what Kustomer has. */
  readonly compare: (options: CompareOptions) => Comparison;
  /** Throws `store-foreign` when the file is another account's than `org`. */
  readonly checkAccount: (org: string | null) => void;
  /** True when the last run did not come to its end. */
  readonly wasCutShort: () => boolean;
  readonly beginRun: (run: RunStart) => number;
  readonly finishRun: (run: number, end: RunEnd) => void;
  readonly status: () => StreamStatus[];
  /** The columns of a stream's table, those that came by drift included. */
  readonly layout: (stream: Stream) => Layout;
  readonly demo: {
    /** Marks the file, just made, as one of the account at this base URL that `demo` may replace. */
    readonly mark: (api: string) => void;
    readonly end: () => void;
    /** True for a file that a demo made and that nothing else has written to. */
    readonly isOurs: () => boolean;
  };
  /** Runs a statement that reads. */
  readonly query: (sql: string) => Record<string, string | number | null>[];
  readonly close: () => void;
};

/**
 * Opens a file: `create` makes it where there is none, `write` and `read` do not. Throws `store-*` errors, and
 * then has not touched the file.
 */
export function openStore(path: string, { mode, pace }: { mode: Mode; pace?: Pace }): Store {
  const { db, wasEmpty } = openFile(path, mode);
  const isWriter = mode !== "read";
  const lock = isWriter ? lockOf(db, path, pace) : NO_LOCK;
  const writers = new Map<string, TableWriter>();
  let isOpen = true;

  const layout = (stream: Stream) =>
    writers.get(stream.name)?.layout ?? onFile(path, () => readLayout(db, stream));

  function writerOf(stream: Stream): TableWriter {
    const known = writers.get(stream.name);
    if (known !== undefined) return known;
    const layout = readLayout(db, stream);
    if (layout.columns.length === 0) throw goneTable(path, stream);
    const writer = new TableWriter(db, stream, layout);
    writers.set(stream.name, writer);
    return writer;
  }

  const write = db.transaction((batch: FileBatch, writer: TableWriter): Committed => {
    lock.verify();
    const { stream, now, force = false } = batch;
    const moment = { now, at: nextInstant(db, batch) };
    const { written, deleted } = writer.write(batch.rows, batch.deleted ?? false, moment);
    const swept = batch.sweep === undefined ? 0 : sweep(db, stream, batch.sweep, { ...moment, force });
    const unseen =
      batch.seen === undefined ? 0 : noteSeen(db, writer.layout, batch.seen, { ...batch, ...moment, force });
    const missed = batch.gone === undefined ? 0 : markGone(stream, batch.gone, moment, force);
    if (batch.state !== null) saveState(db, stream, batch.state);
    const gone = swept + unseen + missed;
    if (written + gone > 0) keepInstant(db, moment.at);
    return { written: written + gone, deleted: deleted + gone };
  });

  function markGone(stream: Stream, ids: readonly string[], moment: Moment, force: boolean): number {
    checkSweep(stream, { gone: ids.length, live: countLive(db, stream) }, force);
    return markDeleted(db, stream, ids, moment);
  }

  const reset = db.transaction((streams: readonly Stream[], drop: boolean): number[] => {
    lock.verify();
    return resetStreams(db, streams, drop);
  });

  return {
    path,
    wasEmpty,
    lock: {
      acquire: lock.acquire,
      verify: lock.verify,
      release: lock.release,
    },
    loadState: (stream) => onFile(path, () => loadState(db, stream)),
    commit: (batch) =>
      onFile(path, () => {
        const writer = writerOf(batch.stream);
        const before = writer.layout;
        checkPlace(db, path);
        try {
          return write.immediate(batch, writer);
        } catch (error) {
          // The columns that the batch brought went with its transaction.
          writer.restore(before);
          // Whoever kept the file locked for so long does so still: what follows need not wait as long again.
          if (isBusy(error)) setPragma(db, "busy_timeout", 0);
          throw error;
        }
      }),
    gone: {
      countMissing: (stream, ids) => onFile(path, () => countMissing(db, stream, ids)),
      countUnseen: (stream, from) => onFile(path, () => countUnseen(db, stream, layout(stream), from)),
      listUnseen: (stream, from, after, limit) =>
        onFile(path, () => listUnseen(db, stream, layout(stream), from, after, limit)),
    },
    counts: {
      count: (stream, span) => onFile(path, () => countChanged(db, stream, layout(stream), span)),
      live: (stream, span) => onFile(path, () => countChangedLive(db, stream, layout(stream), span)),
      instantAt: (stream, span, offset) =>
        onFile(path, () => instantAt(db, stream, layout(stream), span, offset)),
      absent: (stream, span, ids, limit) =>
        onFile(path, () => absentFrom(db, stream, layout(stream), span, ids, limit)),
      newest: (stream, before) => onFile(path, () => newestBefore(db, stream, layout(stream), before)),
    },
    reset: (streams, { drop }) => onFile(path, () => reset.immediate(streams, drop)),
    compare: (options) => onFile(path, () => createComparison({ db, path, lock, layout }, options)),
    checkAccount: (org) => onFile(path, () => checkAccount(db, path, org)),
    wasCutShort: () => onFile(path, () => wasCutShort(db)),
    beginRun: (run) => onFile(path, () => beginRun(db, path, run)),
    finishRun: (run, end) =>
      onFile(path, () => {
        finishRun(db, run, end);
        // The last word of a run: nothing is called done that is in no file.
        checkPlace(db, path);
      }),
    status: () => onFile(path, () => STREAMS.map((stream) => streamStatus(db, stream))),
    layout,
    demo: {
      mark: (api) => onFile(path, () => markDemo(db, path, api)),
      end: () => onFile(path, () => endDemo(db)),
      isOurs: () => onFile(path, () => isDemo(db, path)),
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

function goneTable(path: string, { name }: Stream): AppError {
  return new AppError("store-foreign", `the table ${name} is gone: was the file changed by hand?`, {
    at: path,
    hint: "run sync again, which makes it anew",
  });
}

function lockOf(db: Database, path: string, pace?: Pace): Lock {
  try {
    return onFile(path, () => createLock(db, path, pace));
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Brings everything into the one file; another reader may keep SQLite from it, which loses nothing. */
function checkpoint(db: Database): void {
  try {
    emptyWal(db);
  } catch {
    // The next opening does it.
  }
}

const NO_LOCK: Lock = { acquire: async () => {}, verify() {}, release() {} };
