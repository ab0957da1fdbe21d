/** What a file holds, told per stream. */
import type { Database } from "bun:sqlite";
import type { Counted } from "../destination/destination.ts";
import type { Stream } from "../streams/define.ts";
import { quote } from "./identifier.ts";
import { isHeld } from "./lock.ts";
import { readCounted } from "./state.ts";
import { tableColumns } from "./tables.ts";

export type LastRun = {
  readonly id: number;
  /** `done`, `partial`, `failed`, `skipped`; `running` while it runs, and `interrupted` when nobody runs it any more. */
  readonly status: string;
  readonly started_at: string;
  /** Null when the run has not ended, or was killed. */
  readonly finished_at: string | null;
};

export type StreamStatus = {
  readonly stream: string;
  /** Live rows. */
  readonly rows: number;
  /** Rows marked deleted, which keep their data. */
  readonly deleted: number;
  /** Everything changed before this has been read; null when nothing has. */
  readonly synced_to: string | null;
  /** True when all that was asked for was read; see `start`. */
  readonly complete: boolean;
  /** Rows last changed before this instant were not asked for; null when all were. */
  readonly start: string | null;
  /** What the last audit counted: when, of which rows, how many the search index and the file have. */
  readonly counted: Counted | null;
  readonly last_run: LastRun | null;
};

type StateRow = {
  synced_to: string | null;
  complete: number;
  /** Absent in a file of an earlier version. */
  start?: string | null;
  counted?: string | null;
};

/** Counts a stream's rows and tells how far it is. */
export function streamStatus(db: Database, { name }: Stream): StreamStatus {
  const state = db.query<StateRow, [string]>("SELECT * FROM _sync_state WHERE stream = ?").get(name);
  const run = db
    .query<LastRun, [string]>(
      `SELECT _sync_runs.id, json_extract(each.value, '$.status') AS status, started_at, finished_at
       FROM _sync_runs, json_each(_sync_runs.streams) AS each
       WHERE json_extract(each.value, '$.stream') = ? ORDER BY _sync_runs.id DESC LIMIT 1`,
    )
    .get(name);
  // A file made before a stream was known has no table of it.
  const exists = tableColumns(db, name).size > 0;
  const all = exists ? count(db, `SELECT count(*) AS n FROM ${quote(name)}`) : 0;
  const deleted = exists
    ? count(db, `SELECT count(*) AS n FROM ${quote(name)} WHERE _deleted_at IS NOT NULL`)
    : 0;
  return {
    stream: name,
    rows: all - deleted,
    deleted,
    synced_to: state?.synced_to ?? null,
    complete: state?.complete === 1,
    start: state?.start ?? null,
    counted: readCounted(name, state?.counted),
    last_run:
      run === null || run.status !== "running" || isHeld(db) ? run : { ...run, status: "interrupted" },
  };
}

function count(db: Database, sql: string): number {
  return db.query<{ n: number }, []>(sql).get()?.n ?? 0;
}
