/**
 * Marks rows as deleted because Kustomer no longer shows them, and refuses to where that is more likely a fault:
 * the one place that decides it.
 */
import type { Database } from "bun:sqlite";
import { AppError } from "../lib/errors.ts";
import { formatTime } from "../lib/time.ts";
import type { Stream } from "../streams/define.ts";
import { quote } from "./identifier.ts";
import type { Moment } from "./write.ts";

/** A sweep of no more rows than this is believed whatever its share of the table. */
const FEW_ROWS = 10;
/** Of more rows, a sweep of more than one in so many live ones is not. */
const MOST_SHARE = 3;

/** How many live rows are not among the ids. */
export function countMissing(db: Database, stream: Stream, ids: ReadonlySet<string>): number {
  let missing = 0;
  for (const _ of missingIds(db, stream, ids)) missing += 1;
  return missing;
}

/**
 * Marks the live rows that are not among the ids as deleted, within the caller's transaction, and returns
 * how many; throws as `checkSweep` does.
 */
export function sweep(
  db: Database,
  stream: Stream,
  ids: ReadonlySet<string>,
  { force, ...moment }: Moment & { readonly force: boolean },
): number {
  const gone = [...missingIds(db, stream, ids)];
  checkSweep(stream, { gone: gone.length, live: countLive(db, stream) }, force);
  return markDeleted(db, stream, gone, moment);
}

/** Throws `sweep-refused` when more than a third of a table's live rows, and more than a few, would go. */
export function checkSweep(
  stream: Stream,
  { gone, live }: { readonly gone: number; readonly live: number },
  force: boolean,
): void {
  if (force || gone <= FEW_ROWS || gone * MOST_SHARE <= live) return;
  throw new AppError(
    "sweep-refused",
    `Kustomer no longer shows ${gone} of ${live} live rows; they were not marked deleted`,
    {
      at: stream.name,
      hint: "see in Kustomer whether they are really gone: so many at once are more likely a fault; --force marks them",
    },
  );
}

/** Marks rows as deleted as of `now`, within the caller's transaction, and returns how many were live. */
export function markDeleted(
  db: Database,
  stream: Stream,
  ids: Iterable<string>,
  { now, at }: Moment,
): number {
  const mark = db.prepare(
    `UPDATE ${quote(stream.name)} SET _deleted_at = ?, _synced_at = ? WHERE id = ? AND _deleted_at IS NULL`,
  );
  let marked = 0;
  try {
    for (const id of ids) marked += mark.run(formatTime(now), formatTime(at), id).changes;
  } finally {
    mark.finalize();
  }
  return marked;
}

/** How many rows of a table are not marked deleted. */
export function countLive(db: Database, stream: Stream): number {
  const sql = `SELECT count(*) AS n FROM ${quote(stream.name)} WHERE _deleted_at IS NULL`;
  return db.query<{ n: number }, []>(sql).get()?.n ?? 0;
}

function* missingIds(db: Database, stream: Stream, ids: ReadonlySet<string>): Generator<string> {
  const live = db.query<{ id: string }, []>(`SELECT id FROM ${quote(stream.name)} WHERE _deleted_at IS NULL`);
  for (const { id } of live.iterate()) if (!ids.has(id)) yield id;
}
