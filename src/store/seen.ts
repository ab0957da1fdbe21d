/**
 * Which rows a full read has met, `_sync_seen`, so that the live rows which it did not meet can be marked deleted
 * at its end, also when it was interrupted meanwhile. It lies in the file because it may be as long as the
 * largest table; it is made when a full read begins, and empty when none is under way.
 */
import type { Database } from "bun:sqlite";
import type { Seen, Suspect } from "../destination/destination.ts";
import type { Resource } from "../lib/resource.ts";
import { formatTime, parseTime } from "../lib/time.ts";
import type { Stream } from "../streams/define.ts";
import { quote } from "./identifier.ts";
import { columnOf, type Layout } from "./layout.ts";
import { checkSweep, countLive } from "./sweep.ts";
import type { Moment } from "./write.ts";

export type SeenBatch = Moment & {
  readonly stream: Stream;
  readonly rows: readonly Resource[];
  /** True to mark rows as deleted however many they are. */
  readonly force: boolean;
};

/**
 * Notes rows as seen within the caller's transaction. At the end marks what was not as deleted and returns how
 * many those were; throws as `checkSweep` does.
 */
export function noteSeen(db: Database, layout: Layout, seen: Seen, batch: SeenBatch): number {
  const { stream, rows, force, now, at } = batch;
  createTable(db);
  if (seen.step === "begin") forgetSeen(db, stream);
  const note = db.query("INSERT OR IGNORE INTO _sync_seen (stream, id) VALUES (?, ?)");
  for (const { id } of rows) note.run(stream.name, id);
  if (seen.step !== "end") return 0;
  const gone = countUnseen(db, stream, layout, seen.from);
  checkSweep(stream, { gone, live: countLive(db, stream) }, force);
  const where = unseen(stream, layout, seen.from);
  if (gone > 0) {
    db.query(
      `UPDATE ${quote(stream.name)} AS held SET _deleted_at = $now, _synced_at = $at WHERE ${where.sql}`,
    ).run({
      ...where.values,
      now: formatTime(now),
      at: formatTime(at),
    });
  }
  forgetSeen(db, stream);
  return gone;
}

/** How many live rows, last changed at `from` (ms; null: ever) or later, were not seen. */
export function countUnseen(db: Database, stream: Stream, layout: Layout, from: number | null): number {
  createTable(db);
  const { sql, values } = unseen(stream, layout, from);
  const count = db.query<{ n: number }, [Record<string, string>]>(
    `SELECT count(*) AS n FROM ${quote(stream.name)} AS held WHERE ${sql}`,
  );
  return count.get(values)!.n;
}

/** Some of these, in the order of their last change and then their id, from the one after `after` on. */
export function listUnseen(
  db: Database,
  stream: Stream,
  layout: Layout,
  from: number | null,
  after: Suspect | null,
  limit: number,
): Suspect[] {
  createTable(db);
  const { sql, values } = unseen(stream, layout, from);
  const updatedAt = columnOf(layout.columns, "updatedAt");
  const updated = updatedAt === null ? "NULL" : `held.${quote(updatedAt.name)}`;
  const rows = db.query<{ id: string; at: string | null }, [Record<string, string | number>]>(
    `SELECT id, ${updated} AS at FROM ${quote(stream.name)} AS held
     WHERE ${sql} AND (coalesce(${updated}, ''), id) > ($afterAt, $afterId)
     ORDER BY coalesce(${updated}, ''), id LIMIT $limit`,
  );
  const last = {
    afterAt: after === null || after.updatedAt === null ? "" : formatTime(after.updatedAt),
    afterId: after?.id ?? "",
  };
  return rows
    .all({ ...values, ...last, limit })
    .map(({ id, at }) => ({ id, updatedAt: at === null ? null : parseTime(at) }));
}

function unseen(
  { name }: Stream,
  { columns }: Layout,
  from: number | null,
): { sql: string; values: Record<string, string> } {
  const sql = `held._deleted_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM _sync_seen WHERE stream = $stream AND _sync_seen.id = held.id)`;
  const updatedAt = columnOf(columns, "updatedAt");
  if (from === null || updatedAt === null) return { sql, values: { stream: name } };
  return {
    sql: `${sql} AND held.${quote(updatedAt.name)} >= $from`,
    values: { stream: name, from: formatTime(from) },
  };
}

function createTable(db: Database): void {
  db.run(
    `CREATE TABLE IF NOT EXISTS _sync_seen (
       stream TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (stream, id)
     ) STRICT, WITHOUT ROWID`,
  );
}

function forgetSeen(db: Database, { name }: Stream): void {
  db.query("DELETE FROM _sync_seen WHERE stream = ?").run(name);
}
