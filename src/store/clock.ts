/**
 * The file's own clock, `_sync_clock`: each transaction that writes rows gives them the moment of its commit as
 * their `_synced_at`, and a later one than all before it, whatever clocks say. So "written after this instant"
 * leaves no row out. No single clock is believed for ever: what one that was far ahead left behind is put right when
 * two others agree. An instant is of one `file`: where instants were put right, that is another one.
 */
import type { Database } from "bun:sqlite";
import { formatTime, parseTime } from "../lib/time.ts";
import { STREAMS } from "../streams/index.ts";
import { quote } from "./identifier.ts";

/** `file` tells the file from others that have a clock; `at` (ms) is the latest `_synced_at` that it gave. */
export type FileClock = { readonly file: string; readonly at: number };

/** What the server said its time was (ms); or this machine's own time, which bears out nothing. */
export type ToldTime = {
  readonly now: number;
  readonly isOwnClock?: boolean;
  /** What the server said, where `now` is something else; null where it said nothing. */
  readonly heard?: number | null;
};

const HOUR = 3_600_000;
/** Two clocks that are no further apart may both be right: one may have slept, or be in another time zone. */
const APART_MS = 7 * 24 * HOUR;
/** Two clocks that are no further apart bear each other out; less than what an unknown clock is put back by. */
const AGREE_MS = 24 * HOUR;

/** Makes the clock where there is none, within the caller's transaction; every stream has its table by then. */
export function createClock(db: Database): void {
  db.run(
    `CREATE TABLE IF NOT EXISTS _sync_clock (
       only_row INTEGER PRIMARY KEY CHECK (only_row = 1), file TEXT NOT NULL, at TEXT NOT NULL
     ) STRICT`,
  );
  if (readClock(db) !== null) return;
  const latest = STREAMS.map(({ name }) => `SELECT max(_synced_at) AS at FROM ${quote(name)}`);
  db.query(
    `INSERT OR REPLACE INTO _sync_clock
     SELECT 1, ?, coalesce(max(at), ?) FROM (${latest.join(" UNION ALL ")})`,
  ).run(crypto.randomUUID(), formatTime(0));
}

/** The clock as it stands; null for a file that no newer program has written to. */
export function readClock(db: Database): FileClock | null {
  const has = db.query("SELECT 1 FROM sqlite_master WHERE name = '_sync_clock'").get() !== null;
  if (!has) return null;
  const row = db.query<{ file: string; at: string }, []>("SELECT file, at FROM _sync_clock").get();
  const at = row === null ? null : parseTime(row.at);
  return row === null || at === null ? null : { file: row.file, at };
}

/**
 * The instant (ms) of the caller's transaction. This machine's clock and the server's say when it is: the later of
 * the two, since a row that is dated too early would be missed by whoever asks for what was written since. Where they
 * are over a week apart it is the server's, unless the file has seen a later time.
 */
export function nextInstant(db: Database, told: ToldTime): number {
  const machine = Date.now();
  const { heard = told.now } = told;
  const isOwn = told.isOwnClock === true || heard === null;
  const server = isOwn ? machine : serverTime(db, heard);
  const isApart = Math.abs(machine - server) > APART_MS;
  const agree = !isOwn && Math.abs(machine - server) < AGREE_MS;
  // The `Date` header tells whole seconds: its own clock may be nearly one further.
  const isSameSecond = machine >= server && machine < server + 1_000;
  const later = isOwn || isSameSecond ? machine : Math.max(machine, server + 999);
  let last = readClock(db)?.at ?? 0;
  if (agree && last > later + APART_MS) last = putRight(db, later);
  const now = isApart ? (server < last ? machine : server) : later;
  return Math.max(now, last + 1);
}

/** Sets the clock, in the transaction that wrote rows at that instant. */
export function keepInstant(db: Database, at: number): void {
  db.query("UPDATE _sync_clock SET at = ?").run(formatTime(at));
}

/** What the server told of its time is told once, when a run begins: it has gone on since. */
const told = new WeakMap<Database, { readonly now: number; readonly heardAt: number }>();

function serverTime(db: Database, now: number): number {
  const known = told.get(db);
  // Not `Date.now()`, which may be set while the run lasts.
  if (known?.now === now) return now + Math.floor(performance.now() - known.heardAt);
  told.set(db, { now, heardAt: performance.now() });
  return now;
}

/**
 * Gives the rows that a wrong clock dated after `now` the instants before it, in the order they had, and returns the
 * last one. Whoever kept one of theirs, as an export does, sees by `file` that it means nothing any more.
 */
function putRight(db: Database, now: number): number {
  const limit = formatTime(now);
  const union = (each: (table: string) => string) =>
    STREAMS.map(({ name }) => each(quote(name))).join(" UNION ");
  const wrong = `FROM (${union((table) => `SELECT _synced_at AS was FROM ${table} WHERE _synced_at > ?1`)})`;
  const { count } = db.query<{ count: number }, [string]>(`SELECT count(*) AS count ${wrong}`).get(limit)!;
  const right = union((table) => `SELECT max(_synced_at) AS at FROM ${table} WHERE _synced_at <= ?1`);
  const before = db
    .query<{ at: string | null }, [string]>(`SELECT max(at) AS at FROM (${right})`)
    .get(limit)!;
  let next = Math.max(now - count, parseTime(before.at ?? "") ?? 0);
  db.run("CREATE TEMP TABLE instants (was TEXT PRIMARY KEY, becomes TEXT NOT NULL) STRICT, WITHOUT ROWID");
  try {
    const note = db.query("INSERT INTO instants VALUES (?, ?)");
    const inOrder = db.query<{ was: string }, [string]>(`SELECT was ${wrong} ORDER BY was`);
    for (const { was } of inOrder.iterate(limit)) {
      next += 1;
      note.run(was, formatTime(next));
    }
    for (const { name } of STREAMS) {
      db.query(
        `UPDATE ${quote(name)} SET _synced_at = (SELECT becomes FROM instants WHERE was = _synced_at)
         WHERE _synced_at > ?`,
      ).run(limit);
    }
  } finally {
    db.run("DROP TABLE temp.instants");
  }
  db.query("UPDATE _sync_clock SET file = ?, at = ?").run(crypto.randomUUID(), formatTime(next));
  return next;
}
