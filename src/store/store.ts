/**
 * A file of ours, open. Everything that changes it goes through one immediate transaction, with the rows and
 * the state that says they were read together: either both are there afterwards, or neither.
 */
import { Database } from "bun:sqlite";
import { rmSync } from "node:fs";
import { AppError } from "../lib/errors.ts";
import type { Resource } from "../lib/resource.ts";
import { formatTime } from "../lib/time.ts";
import type { Stream } from "../streams/define.ts";
import { STREAMS } from "../streams/index.ts";
import { APPLICATION_ID, inspectFile, LAYOUT_VERSION } from "./file-header.ts";
import { type Layout, readLayout, recordColumn } from "./layout.ts";
import { createLock, type Lock } from "./lock.ts";
import { beginRun, finishRun, type RunEnd, type RunStart } from "./runs.ts";
import { onFile } from "./sqlite-failure.ts";
import { type StreamStatus, streamStatus } from "./status.ts";
import { countMissing, sweep } from "./sweep.ts";
import { createOwnTables, createStreamTable } from "./tables.ts";
import { TableWriter } from "./write.ts";

export type StoredState = {
  readonly state: unknown;
  /** Everything changed before this instant (canonical text) has been read; null when nothing has. */
  readonly syncedTo: string | null;
  readonly complete: boolean;
};

export type Batch = {
  readonly stream: Stream;
  readonly rows: readonly Resource[];
  /** The state after these rows; null leaves the stored one as it is. */
  readonly state: StoredState | null;
  /** True when the rows come from a listing of deleted rows. */
  readonly deleted?: boolean;
  /** The ids of a complete listing: live rows that are not among them are marked deleted. */
  readonly sweep?: ReadonlySet<string>;
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
  readonly commit: (batch: Batch) => Committed;
  readonly countMissing: (stream: Stream, ids: ReadonlySet<string>) => number;
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
export function openStore(path: string, { mode }: { mode: "create" | "write" | "read" }): Store {
  const found = inspectFile(path);
  if (found === "new" && mode !== "create") {
    throw new AppError("store-missing", "there is no such file", {
      at: path,
      hint: "kustomer-sync sync makes it",
    });
  }
  const db = onFile(path, () => new Database(path, { create: true, readwrite: true, strict: true }));
  try {
    onFile(path, () => prepare(db, found, mode));
  } catch (error) {
    db.close();
    if (found === "new") removeNew(path);
    throw error;
  }
  return createStore(db, path, { wasEmpty: found === "new", writable: mode !== "read" });
}

/** A file that could not be made whole is not left behind; there was none, or an empty one. */
function removeNew(path: string): void {
  for (const suffix of ["", "-journal", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
}

function prepare(db: Database, found: "new" | "ours", mode: "create" | "write" | "read"): void {
  // Another program may hold the file for a moment.
  db.run("PRAGMA busy_timeout = 5000");
  if (mode === "read") {
    db.run("PRAGMA query_only = true");
    return;
  }
  db.transaction(() => {
    if (found === "new") {
      db.run(`PRAGMA application_id = ${APPLICATION_ID}`);
      db.run(`PRAGMA user_version = ${LAYOUT_VERSION}`);
    }
    createOwnTables(db);
    const now = Date.now();
    for (const stream of STREAMS) {
      createStreamTable(db, stream);
      for (const column of stream.columns) recordColumn(db, stream, column, now);
    }
  }).immediate();
  // After the tables, so that the header names us from the first moment. Where the file system cannot share
  // memory SQLite stays with its old journal, which is slower and as safe.
  db.run("PRAGMA journal_mode = WAL");
  // In WAL, NORMAL keeps the file sound through a loss of power, which may undo the last commits; since a
  // commit holds its state with its rows, the next run reads those pages again and nothing is lost.
  db.run("PRAGMA synchronous = NORMAL");
}

function createStore(db: Database, path: string, opened: { wasEmpty: boolean; writable: boolean }): Store {
  const lock = opened.writable ? createLock(db, path) : NO_LOCK;
  const writers = new Map<string, TableWriter>();
  const saveState = db.prepare(
    `INSERT OR REPLACE INTO _sync_state (stream, state, synced_to, complete, saved_at) VALUES (?, ?, ?, ?, ?)`,
  );

  const layout = (stream: Stream) =>
    writers.get(stream.name)?.layout ?? readLayout(db, stream, opened.writable);

  function writerOf(stream: Stream): TableWriter {
    const known = writers.get(stream.name);
    if (known !== undefined) return known;
    const writer = new TableWriter(db, stream, readLayout(db, stream, true));
    writers.set(stream.name, writer);
    return writer;
  }

  const write = db.transaction((batch: Batch, writer: TableWriter): Committed => {
    lock.verify();
    const { written, deleted } = writer.write(batch.rows, batch.deleted ?? false, batch.now);
    const swept = batch.sweep === undefined ? 0 : sweep(db, batch.stream, batch.sweep, batch.now);
    if (batch.state !== null) {
      const { state, syncedTo, complete } = batch.state;
      const savedAt = formatTime(Date.now());
      saveState.run(batch.stream.name, JSON.stringify(state), syncedTo, complete ? 1 : 0, savedAt);
    }
    return { written: written + swept, deleted: deleted + swept };
  });

  return {
    path,
    wasEmpty: opened.wasEmpty,
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
          writer.restore(before);
          throw error;
        }
      }),
    countMissing: (stream, ids) => onFile(path, () => countMissing(db, stream, ids)),
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
      for (const writer of writers.values()) writer.finalize();
      saveState.finalize();
      lock.release();
      if (opened.writable) checkpoint(db);
      db.close();
    },
  };
}

function loadState(db: Database, stream: Stream): StoredState | null {
  const row = db
    .query<{ state: string; synced_to: string | null; complete: number }, [string]>(
      "SELECT state, synced_to, complete FROM _sync_state WHERE stream = ?",
    )
    .get(stream.name);
  if (row === null) return null;
  try {
    return { state: JSON.parse(row.state), syncedTo: row.synced_to, complete: row.complete === 1 };
  } catch {
    throw new AppError("store-state", "the stored state is not JSON", {
      at: stream.name,
      hint: `kustomer-sync reset ${stream.name} forgets it and keeps the rows`,
    });
  }
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
