/**
 * One sync at a time per file. The holder is a row in the file, kept by the rules of every lease: it names its process,
 * and proves that it lives by a heartbeat. Who lost the lock finds out at its next write, which checks the row in the
 * same transaction, and writes nothing.
 */
import type { Database } from "bun:sqlite";
import { AppError } from "../lib/errors.ts";
import {
  type AcquireOptions,
  createLease,
  type Held,
  type Holder,
  judge,
  type LeaseStore,
  type Pace,
} from "../lib/lease.ts";
import { formatDuration, formatTime } from "../lib/time.ts";
import { askPragma } from "./pragmas.ts";
import { onFile } from "./sqlite-failure.ts";
import { tableColumns } from "./tables.ts";

/** For a question that cannot wait: a holder that cannot be asked, and was not heard of for so long, is none. */
const DEAD_AFTER_MS = 60_000;

type LockRow = Omit<Holder, "place" | "began"> & {
  place: string | null;
  began: string | null;
  heartbeat_at: string;
  beats: number | null;
};

export type Lock = {
  /** Takes the lock for a command, or throws `store-busy` naming who holds it. */
  readonly acquire: (command: string, options?: AcquireOptions) => Promise<void>;
  /** Throws `store-busy` when the lock was taken over; to be called within every writing transaction. */
  readonly verify: () => void;
  /** Gives the lock back, and ends the use of it; never throws. */
  readonly release: () => void;
};

/** Makes the table, or adds what an older one lacks, within the caller's transaction. */
export function createLockTable(db: Database): void {
  db.run(
    `CREATE TABLE IF NOT EXISTS _sync_lock (
       only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
       token TEXT NOT NULL,
       pid INTEGER NOT NULL,
       host TEXT NOT NULL,
       command TEXT NOT NULL,
       started_at TEXT NOT NULL,
       heartbeat_at TEXT NOT NULL
     ) STRICT`,
  );
  const present = tableColumns(db, "_sync_lock");
  for (const [name, type] of Object.entries({ place: "TEXT", began: "TEXT", beats: "INTEGER" }))
    if (!present.has(name)) db.run(`ALTER TABLE _sync_lock ADD COLUMN ${name} ${type}`);
}

export function createLock(db: Database, path: string, pace?: Pace): Lock {
  const beat = db.prepare<unknown, [string, string]>(
    "UPDATE _sync_lock SET heartbeat_at = ?, beats = coalesce(beats, 0) + 1 WHERE token = ?",
  );
  const lease = createLease(
    lockRows(db, path, beat),
    {
      busy: (held) => busy(path, held),
      lost: () =>
        new AppError("store-busy", "the lock on the file was taken away", { at: path, hint: AGAIN }),
    },
    { pace },
  );
  return {
    acquire: lease.acquire,
    verify: lease.verify,
    release() {
      lease.release();
      beat.finalize();
    },
  };
}

/**
 * Throws `store-busy` where a read that takes long would keep a process that holds the lock from writing: without
 * WAL a reader does.
 */
export function checkLongRead(db: Database, path: string): void {
  if (askPragma(db, "journal_mode") === "wal") return;
  const held = readLock(db);
  if (held !== null && mayLive(held)) throw busy(path, held);
}

/** Whether somebody who lives holds the lock; told at once, without watching for a sign. */
export function isHeld(db: Database): boolean {
  const held = readLock(db);
  return held !== null && mayLive(held);
}

function mayLive({ holder, seen }: HeldLock): boolean {
  const judged = judge(holder);
  return (
    judged === "running" || (judged === "unknown" && Math.abs(Date.now() - Date.parse(seen)) < DEAD_AFTER_MS)
  );
}

type HeldLock = Held & { readonly seen: string };

function lockRows(
  db: Database,
  path: string,
  beat: { run: (now: string, token: string) => { changes: number } },
): LeaseStore {
  const take = db.transaction((holder: Holder, found: Held | null): boolean => {
    const now = readLock(db);
    if (now?.holder.token !== found?.holder.token || now?.sign !== found?.sign) return false;
    db.query(
      `INSERT OR REPLACE INTO _sync_lock
         (only_row, token, pid, host, command, started_at, heartbeat_at, place, began, beats)
       VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
    ).run(
      holder.token,
      holder.pid,
      holder.host,
      holder.command,
      holder.started_at,
      formatTime(Date.now()),
      holder.place,
      holder.began,
    );
    return true;
  });
  return {
    look: () => onFile(path, () => readLock(db)),
    take: (holder, found) => onFile(path, () => take.immediate(holder, found)),
    beat: ({ token }) => beat.run(formatTime(Date.now()), token).changes > 0,
    pathOf: () => null,
    drop: ({ token }) => db.query("DELETE FROM _sync_lock WHERE token = ?").run(token),
  };
}

function readLock(db: Database): HeldLock | null {
  // A file that only an older program has written to lacks the newer columns.
  const row = db.query<Partial<LockRow>, []>("SELECT * FROM _sync_lock").get();
  if (row === null) return null;
  const { token = "", pid = 0, host = "?", command = "command", started_at = "?", heartbeat_at = "" } = row;
  const { place = null, began = null, beats = null } = row;
  return {
    holder: { token, pid, host, command, started_at, place, began },
    sign: `${heartbeat_at} ${beats}`,
    seen: heartbeat_at,
  };
}

const AGAIN =
  "run the command again when the other one has ended; if it never will, kustomer-sync sync --take-over";

function busy(path: string, held: Held): AppError {
  const { pid, host, command, started_at } = held.holder;
  const ago = Date.now() - Date.parse((held as HeldLock).seen);
  // Another machine's clock may go before ours.
  const seen = Number.isNaN(ago) || ago < 0 ? "" : `, last seen ${formatDuration(ago)} ago`;
  return new AppError(
    "store-busy",
    `another ${command} holds the file: process ${pid} on ${host}, since ${started_at}${seen}`,
    { at: path, hint: AGAIN },
  );
}
