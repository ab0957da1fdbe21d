/**
 * How far each stream is, `_sync_state`: whatever the engine wants to know again, as JSON. It is looked into
 * no deeper here, and saved in the transaction that holds the rows it speaks of.
 */
import type { Database } from "bun:sqlite";
import { AppError } from "../lib/errors.ts";
import { formatTime } from "../lib/time.ts";
import type { Stream } from "../streams/define.ts";

export type StoredState = {
  readonly state: unknown;
  /** Everything changed before this instant (canonical text) has been read; null when nothing has. */
  readonly syncedTo: string | null;
  readonly complete: boolean;
};

type StateRow = { state: string; synced_to: string | null; complete: number };

/** Null when the stream was never synced; throws `store-state` when what is stored is not JSON. */
export function loadState(db: Database, { name }: Stream): StoredState | null {
  const row = db
    .query<StateRow, [string]>("SELECT state, synced_to, complete FROM _sync_state WHERE stream = ?")
    .get(name);
  if (row === null) return null;
  try {
    return { state: JSON.parse(row.state), syncedTo: row.synced_to, complete: row.complete === 1 };
  } catch {
    throw new AppError("store-state", "the stored state is not JSON", {
      at: name,
      hint: `kustomer-sync reset ${name} forgets it and keeps the rows`,
    });
  }
}

/** Saves a state within the caller's transaction. */
export function saveState(db: Database, { name }: Stream, { state, syncedTo, complete }: StoredState): void {
  db.query(
    `INSERT OR REPLACE INTO _sync_state (stream, state, synced_to, complete, saved_at) VALUES (?, ?, ?, ?, ?)`,
  ).run(name, JSON.stringify(state), syncedTo, complete ? 1 : 0, formatTime(Date.now()));
}

/** Forgets a stream's state within the caller's transaction, so that the next sync reads it from the start. */
export function forgetState(db: Database, { name }: Stream): void {
  db.query("DELETE FROM _sync_state WHERE stream = ?").run(name);
}
