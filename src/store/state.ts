/**
 * How far each stream is, `_sync_state`: whatever the engine wants to know again, as JSON. It is looked into
 * no deeper here, and saved in the transaction that holds the rows it speaks of.
 */
import type { Database } from "bun:sqlite";
import type { Counted, StoredState } from "../destination/destination.ts";
import { AppError } from "../lib/errors.ts";
import { formatTime } from "../lib/time.ts";
import type { Stream } from "../streams/define.ts";
import { quote } from "./identifier.ts";

type StateRow = {
  state: string;
  synced_to: string | null;
  complete: number;
  start: string | null;
  counted: string | null;
};

/** Null when the stream was never synced; throws `store-state` when what is stored is not JSON. */
export function loadState(db: Database, { name }: Stream): StoredState | null {
  const row = db.query<StateRow, [string]>("SELECT * FROM _sync_state WHERE stream = ?").get(name);
  if (row === null) return null;
  const { synced_to: syncedTo = null, complete, start = null } = row;
  const state = readJson(name, row.state);
  return { state, syncedTo, complete: complete === 1, start, counted: readCounted(name, row.counted) };
}

/** What the last audit of a stream counted, as it is stored; throws `store-state` when it is not JSON. */
export function readCounted(stream: string, stored: string | null | undefined): Counted | null {
  return readJson(stream, stored ?? "null") as Counted | null;
}

function readJson(stream: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError("store-state", "the stored state is not JSON", {
      at: stream,
      hint: `kustomer-sync reset ${stream} forgets it and keeps the rows`,
    });
  }
}

/** Saves a state within the caller's transaction. */
export function saveState(db: Database, { name }: Stream, stored: StoredState): void {
  const { state, syncedTo, complete, start, counted } = stored;
  db.query(
    `INSERT OR REPLACE INTO _sync_state (stream, state, synced_to, complete, saved_at, start, counted)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    name,
    JSON.stringify(state),
    syncedTo,
    complete ? 1 : 0,
    formatTime(Date.now()),
    start,
    counted === null ? null : JSON.stringify(counted),
  );
}

/** Forgets a stream's state within the caller's transaction, so that the next sync reads it from the start. */
export function forgetState(db: Database, { name }: Stream): void {
  db.query("DELETE FROM _sync_state WHERE stream = ?").run(name);
}

/** Resets streams within the caller's transaction; returns how many rows of each went. */
export function resetStreams(db: Database, streams: readonly Stream[], drop: boolean): number[] {
  return streams.map((stream) => {
    // Never parsed: this is also the way out of a state that cannot be.
    forgetState(db, stream);
    return drop ? db.run(`DELETE FROM ${quote(stream.name)}`).changes : 0;
  });
}
