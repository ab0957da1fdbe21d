/**
 * Which journal keeps a file sound while it is written. WAL lets others read meanwhile, but needs memory that
 * processes share through a file beside it; where the file system has none (some network and container ones),
 * SQLite says so only after it has switched, and from then on can neither read the file nor switch back.
 */
import type { Database } from "bun:sqlite";
import { askPragma, BUSY_TIMEOUT_MS, setPragma } from "./pragmas.ts";
import { isBusy } from "./sqlite-failure.ts";

/**
 * Lets others read while a sync writes. Where somebody reads just now SQLite stays with its old journal, which is
 * as safe, and the next opening tries again. Returns false where WAL does not work: the connection is then of no
 * more use, and the next one must begin with `keepOldJournal`.
 */
export function shareReading(db: Database): boolean {
  setPragma(db, "busy_timeout", 0);
  try {
    setPragma(db, "journal_mode", "WAL");
    // Not before the first write does SQLite reach for the shared memory.
    db.run("BEGIN IMMEDIATE");
    db.run("ROLLBACK");
  } catch (error) {
    if (!isBusy(error)) return false;
  }
  setPragma(db, "busy_timeout", BUSY_TIMEOUT_MS);
  // In WAL, NORMAL keeps the file sound through a loss of power, which may undo the last commits; since a
  // commit holds its state with its rows, the next run reads those pages again and nothing is lost. With the
  // old journal it could do harm, and SQLite's own FULL stays.
  if (askPragma(db, "journal_mode") === "wal") setPragma(db, "synchronous", "NORMAL");
  return true;
}

/** Brings a file back to the old journal, as the first thing that a connection does. */
export function keepOldJournal(db: Database): void {
  // A connection that has the file for itself needs to share nothing, and can read what WAL left.
  setPragma(db, "locking_mode", "EXCLUSIVE");
  setPragma(db, "journal_mode", "DELETE");
  setPragma(db, "locking_mode", "NORMAL");
  // The file is given free again by the first access after that.
  db.query("SELECT 1 FROM sqlite_master LIMIT 1").get();
}

/** True for the errors of a file in WAL mode on a file system without shared memory. */
export function lacksSharedMemory(error: unknown): boolean {
  return String((error as { code?: unknown } | null)?.code ?? "").startsWith("SQLITE_IOERR_SHM");
}
