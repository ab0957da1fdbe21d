/**
 * One sync at a time per file. The holder is a row in the file: it names its process, and proves that it
 * lives by a heartbeat. A holder that is dead is replaced; one that was only asleep finds out at its next
 * write, which checks the row in the same transaction, and writes nothing.
 */
import type { Database } from "bun:sqlite";
import { hostname } from "node:os";
import { AppError } from "../lib/errors.ts";
import { formatDuration, formatTime } from "../lib/time.ts";

const HEARTBEAT_MS = 10_000;
/** A holder that has not been heard of for so long is taken for dead, wherever it runs. */
const DEAD_AFTER_MS = 60_000;

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
      timer = setInterval(() => beat.run(formatTime(Date.now()), token), HEARTBEAT_MS);
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
      if (held) db.query("DELETE FROM _sync_lock WHERE token = ?").run(token);
      held = false;
      beat.finalize();
    },
  };
}

const AGAIN = "run the command again when the other one has ended";

function isAlive(holder: Holder): boolean {
  if (Date.now() - Date.parse(holder.heartbeat_at) > DEAD_AFTER_MS) return false;
  // Another host's processes cannot be asked; our own number with another token was somebody before us.
  if (holder.host !== hostname()) return true;
  if (holder.pid === process.pid) return true;
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

function busy(path: string, { pid, host, command, started_at, heartbeat_at }: Holder): AppError {
  const seen = formatDuration(Math.max(0, Date.now() - Date.parse(heartbeat_at)));
  return new AppError(
    "store-busy",
    `another ${command} holds the file: process ${pid} on ${host}, since ${started_at}, last seen ${seen} ago`,
    { at: path, hint: AGAIN },
  );
}
