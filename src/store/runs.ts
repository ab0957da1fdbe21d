/** The record of runs, `_sync_runs`: what each asked, how it ended, and which account the file belongs to. */
import type { Database } from "bun:sqlite";
import type { RunEnd, RunStart } from "../destination/destination.ts";
import { AppError } from "../lib/errors.ts";

/** Throws `store-foreign` when the file is another account's; a null `org` is not known, and may be any. */
export function checkAccount(db: Database, path: string, org: string | null): void {
  const earlier = db
    .query<{ org: string }, []>("SELECT org FROM _sync_runs WHERE org IS NOT NULL ORDER BY id DESC LIMIT 1")
    .get();
  if (earlier === null || org === null || earlier.org === org) return;
  throw new AppError("store-foreign", `this file holds account ${earlier.org}, and the key is for ${org}`, {
    at: path,
    hint: "give each account a file of its own with --db; this one was left as it is",
  });
}

/** True when the last run did not come to its end: it was killed, interrupted, or an error stopped it. */
export function wasCutShort(db: Database): boolean {
  const last = db
    .query<{ status: string }, []>("SELECT status FROM _sync_runs ORDER BY id DESC LIMIT 1")
    .get();
  return last !== null && last.status !== "done" && last.status !== "partial";
}

/** Notes that a run begins and returns its number; throws `store-foreign` when the file is another account's. */
export function beginRun(db: Database, path: string, run: RunStart): number {
  checkAccount(db, path, run.org);
  // Whoever holds the lock runs alone: a run that has not ended was killed.
  db.run(
    `UPDATE _sync_runs SET status = 'interrupted',
       streams = replace(streams, '"status":"running"', '"status":"interrupted"') WHERE status = 'running'`,
  );
  const streams = JSON.stringify(run.streams.map((stream) => ({ stream, status: "running" })));
  const { lastInsertRowid } = db
    .query(
      `INSERT INTO _sync_runs (started_at, status, version, api, org, streams)
       VALUES (?, 'running', ?, ?, ?, ?)`,
    )
    .run(run.startedAt, run.version, run.api, run.org, streams);
  return Number(lastInsertRowid);
}

export function finishRun(db: Database, run: number, end: RunEnd): void {
  db.query(
    "UPDATE _sync_runs SET finished_at = ?, status = ?, requests = ?, waited_ms = ?, streams = ? WHERE id = ?",
  ).run(end.finished_at, end.status, end.requests, end.waited_ms, JSON.stringify(end.streams), run);
}
