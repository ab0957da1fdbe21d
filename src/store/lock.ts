/**
 * One sync at a time per file. The holder is a row in the file: it names its process, and proves that it
 * lives by a heartbeat. A holder that is dead is replaced; one that was only asleep finds out at its next
 * write, which checks the row in the same transaction, and writes nothing.
 */
import type { Database } from "bun:sqlite";
import { hostname } from "node:os";
import { AppError } from "../lib/errors.ts";
import { isRunning } from "../lib/process.ts";
import { formatDuration, formatTime } from "../lib/time.ts";

const HEARTBEAT_MS = 10_000;
/** A holder that has not been heard of for so long is taken for dead, wherever it runs. */
const DEAD_AFTER_MS = 60_000;

/** The locks that this process holds; more than one only where it has several files open. */
const HELD_HERE = new Set<string>();

type Holder = {
  token: string;
  pid: number;
  host: string;
  command: string;
  started_at: string;
  heartbeat_at: string;
};

export type Lock = {
  /** Takes the lock for a command, or throws `store-busy` naming who holds it. */
  readonly acquire: (command: string) => void;
  /** Throws `store-busy` when the lock was taken over; to be called within every writing transaction. */
  readonly verify: () => void;
  /** Gives the lock back, and ends the use of it; never throws. */
  readonly release: () => void;
};

export function createLock(db: Database, path: string): Lock {
  const token = crypto.randomUUID();
  let held = false;
  let timer: Timer | null = null;
  const beat = db.prepare<unknown, [string, string]>(
    "UPDATE _sync_lock SET heartbeat_at = ? WHERE token = ?",
  );

  const take = db.transaction((command: string) => {
    const holder = db.query<Holder, []>("SELECT * FROM _sync_lock").get();
    if (holder !== null && isAlive(holder)) throw busy(path, holder);
    const now = formatTime(Date.now());
    db.query(
      `INSERT OR REPLACE INTO _sync_lock (only_row, token, pid, host, command, started_at, heartbeat_at)
       VALUES (1, ?, ?, ?, ?, ?, ?)`,
    ).run(token, process.pid, hostname(), command, now, now);
  });

  return {
    acquire(command) {
      take.immediate(command);
      held = true;
      HELD_HERE.add(token);
      timer = setInterval(() => tryTo(() => beat.run(formatTime(Date.now()), token)), HEARTBEAT_MS);
      timer.unref();
    },
    verify() {
      if (!held) return;
      if (beat.run(formatTime(Date.now()), token).changes > 0) return;
      const holder = db.query<Holder, []>("SELECT * FROM _sync_lock").get();
      throw holder === null
        ? new AppError("store-busy", "the lock on the file was taken away", { at: path, hint: AGAIN })
        : busy(path, holder);
    },
    release() {
      if (timer !== null) clearInterval(timer);
      if (held) tryTo(() => db.query("DELETE FROM _sync_lock WHERE token = ?").run(token));
      held = false;
      HELD_HERE.delete(token);
      beat.finalize();
    },
  };
}

/**
 * Throws `store-busy` where a read that takes long would keep a process that holds the lock from writing: without
 * WAL a reader does.
 */
export function checkLongRead(db: Database, path: string): void {
  const mode = db.query<{ journal_mode: string }, []>("PRAGMA journal_mode").get()?.journal_mode;
  if (mode === "wal") return;
  const holder = db.query<Holder, []>("SELECT * FROM _sync_lock").get();
  if (holder !== null && isAlive(holder)) throw busy(path, holder);
}

/** Whether somebody who lives holds the lock. */
export function isHeld(db: Database): boolean {
  const holder = db.query<Holder, []>("SELECT * FROM _sync_lock").get();
  return holder !== null && isAlive(holder);
}

const AGAIN = "run the command again when the other one has ended";

/**
 * A heartbeat that cannot be written is missed at most, and a lock that cannot be given back is a dead
 * process's soon: a full disk must not end the process here, nor hide the error that says so.
 */
function tryTo(action: () => unknown): void {
  try {
    action();
  } catch {
    // The next commit meets the same failure, and tells.
  }
}

function isAlive(holder: Holder): boolean {
  const silence = Date.now() - Date.parse(holder.heartbeat_at);
  if (Number.isNaN(silence) || silence > DEAD_AFTER_MS) return false;
  // Another host's processes cannot be asked.
  if (holder.host !== hostname()) return true;
  // Our own number on a lock that is not ours was a process before us: in a container it is always 1.
  if (holder.pid === process.pid) return HELD_HERE.has(holder.token);
  return isRunning(holder.pid);
}

function busy(path: string, { pid, host, command, started_at, heartbeat_at }: Holder): AppError {
  const seen = formatDuration(Math.max(0, Date.now() - Date.parse(heartbeat_at)));
  return new AppError(
    "store-busy",
    `another ${command} holds the file: process ${pid} on ${host}, since ${started_at}, last seen ${seen} ago`,
    { at: path, hint: AGAIN },
  );
}
