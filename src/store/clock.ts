/**
 * The file's own clock, `_sync_clock`: whatever clocks say that are set back, each transaction that writes rows
 * gives them a later `_synced_at` than all before it. So "written after this instant" leaves no row out.
 */
import type { Database } from "bun:sqlite";
import { formatTime, parseTime } from "../lib/time.ts";
import { STREAMS } from "../streams/index.ts";
import { quote } from "./identifier.ts";

/** `file` tells the file from others that have a clock; `at` (ms) is the latest `_synced_at` that it gave. */
export type FileClock = { readonly file: string; readonly at: number };

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

/** The instant (ms) of the caller's transaction: `now`, or just after the one before it if that was later. */
export function nextInstant(db: Database, now: number): number {
  return Math.max(now, (readClock(db)?.at ?? 0) + 1);
}

/** Sets the clock, in the transaction that wrote rows at that instant. */
export function keepInstant(db: Database, at: number): void {
  db.query("UPDATE _sync_clock SET at = ?").run(formatTime(at));
}
