/**
 * Opens the SQLite file and makes it ready, or throws and leaves it as it was. A file is made in one
 * transaction, so that whoever looks at it, at whatever moment, sees nothing or a file of ours.
 */
import { constants, Database } from "bun:sqlite";
import { closeSync, lstatSync, openSync, realpathSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { AppError } from "../lib/errors.ts";
import { FILE_MODE } from "../lib/modes.ts";
import { STREAMS } from "../streams/index.ts";
import { createClock } from "./clock.ts";
import { APPLICATION_ID, checkMarks, inspectFile } from "./file-header.ts";
import { checkMeddling } from "./foreign-objects.ts";
import { keepOldJournal, lacksSharedMemory, shareReading } from "./journal.ts";
import { prepareLayout } from "./layout.ts";
import { createLockTable } from "./lock.ts";
import { migrate } from "./migrations.ts";
import { askPragma, BUSY_TIMEOUT_MS, setPragma } from "./pragmas.ts";
import { onFile } from "./sqlite-failure.ts";
import { createOwnTables } from "./tables.ts";

/** `create` makes the file where there is none, `write` and `read` do not; `read` changes nothing. */
export type Mode = "create" | "write" | "read";

export type Opened = {
  readonly db: Database;
  /** True when the file held nothing before it was opened. */
  readonly wasEmpty: boolean;
};

/** Opens a file; throws `store-*` or `disk-full`, and then has neither changed it nor left one behind. */
export function openFile(path: string, mode: Mode): Opened {
  const found = inspectFile(path);
  if (found !== "ours" && mode !== "create") throw missing(path, found);
  const isNew = found === "absent" && lstatSync(path, { throwIfNoEntry: false }) === undefined;
  try {
    return onFile(path, () => {
      if (mode === "read") return { db: openToRead(path), wasEmpty: false };
      // Before SQLite, which would let others read it; what it puts beside a file gets the file's mode.
      if (found === "absent") closeSync(openSync(path, "a", FILE_MODE));
      return openToWrite(path, mode);
    });
  } catch (error) {
    if (isNew) removeUnmade(path);
    throw error;
  }
}

/** Opens a file to write; where WAL does not work, a second time and without. */
function openToWrite(path: string, mode: "create" | "write"): Opened {
  let wasEmpty = false;
  const attempt = (prepare: (db: Database) => boolean): Database | null => {
    const db = connect(path, mode);
    let works = false;
    try {
      prepareConnection(db);
      works = prepare(db);
      return works ? db : null;
    } finally {
      if (!works) db.close();
    }
  };
  let db: Database | null = null;
  try {
    db = attempt((first) => {
      wasEmpty = makeTables(first, path, mode);
      return shareReading(first);
    });
  } catch (error) {
    if (!lacksSharedMemory(error)) throw error;
  }
  db ??= attempt((second) => {
    keepOldJournal(second);
    makeTables(second, path, mode);
    return true;
  });
  return { db: db!, wasEmpty };
}

function connect(path: string, mode: Mode): Database {
  // `resolve`: SQLite takes `:memory:` and an empty name for a file that it forgets. `strict`: a misspelt
  // parameter throws rather than be NULL.
  return new Database(resolve(path), { create: mode === "create", readwrite: true, strict: true });
}

/** Opens a file to read. In a folder where nothing may be written it is read as one that nobody writes. */
function openToRead(path: string): Database {
  const db = connect(path, "read");
  try {
    return prepareRead(db, path);
  } catch (error) {
    db.close();
    if (!isSealed(path, error)) throw error;
  }
  const url = pathToFileURL(path);
  url.searchParams.set("immutable", "1");
  const sealed = new Database(url.href, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI);
  try {
    return prepareRead(sealed, path);
  } catch (error) {
    sealed.close();
    throw error;
  }
}

/**
 * True when SQLite failed for want of the -wal and -shm that it makes beside a file in WAL mode even to read
 * it, and when there are none: a writer, or what a killed one left, would be there.
 */
function isSealed(path: string, error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  const isShared = !lacksSharedMemory(error);
  if (isShared && code !== "SQLITE_READONLY_DIRECTORY" && code !== "SQLITE_CANTOPEN") return false;
  const wal = statSync(`${realpathSync(path)}-wal`, { throwIfNoEntry: false });
  // Without shared memory nobody writes in WAL mode, and an empty one is what the failure itself left.
  return wal === undefined || (!isShared && wal.size === 0);
}

function missing(path: string, found: "absent" | "empty"): AppError {
  const message = found === "absent" ? "there is no such file" : "this file is empty";
  return new AppError("store-missing", message, { at: path, hint: "kustomer-sync sync makes it" });
}

/** What could not be made is not left behind; what another process made of it meanwhile is. */
function removeUnmade(path: string): void {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.size === 0) rmSync(path);
  } catch {
    // A folder that may not be read or written: the error that is thrown says it better.
  }
}

function prepareRead(db: Database, path: string): Database {
  prepareConnection(db);
  setPragma(db, "query_only", true);
  if (isBlank(db)) throw missing(path, "empty");
  checkMarks(path, marksOf(db));
  return db;
}

/** Makes what a file lacks; returns true when it held nothing before. */
function makeTables(db: Database, path: string, mode: "create" | "write"): boolean {
  let wasEmpty = false;
  db.transaction(() => {
    // Asked again, of SQLite: opening undoes what a killed process had begun, and others were faster.
    wasEmpty = isBlank(db);
    if (wasEmpty && mode === "write") throw missing(path, "empty");
    if (wasEmpty) setPragma(db, "application_id", APPLICATION_ID);
    checkMarks(path, marksOf(db));
    checkMeddling(db, path);
    migrate(db);
    createOwnTables(db);
    createLockTable(db);
    for (const stream of STREAMS) prepareLayout(db, path, stream, Date.now());
    createClock(db);
  }).immediate();
  return wasEmpty;
}

function prepareConnection(db: Database): void {
  // Another program may hold the file for a moment; without this it is an error at once.
  setPragma(db, "busy_timeout", BUSY_TIMEOUT_MS);
  // Apple's SQLite, which Bun uses on macOS, would leave -wal and -shm beside a closed file.
  db.fileControl(constants.SQLITE_FCNTL_PERSIST_WAL, 0);
}

function isBlank(db: Database): boolean {
  const { application } = marksOf(db);
  return application === 0 && db.query("SELECT 1 FROM sqlite_master LIMIT 1").get() === null;
}

function marksOf(db: Database): { application: number; version: number } {
  return { application: askPragma(db, "application_id"), version: askPragma(db, "user_version") };
}
