/** What a complete listing says about the rows that are not in it. */
import type { Database } from "bun:sqlite";
import { AppError } from "../lib/errors.ts";
import { formatTime } from "../lib/time.ts";
import type { Stream } from "../streams/define.ts";
import { quote } from "./identifier.ts";

/** A sweep of no more rows than this is believed whatever its share of the table. */
const FEW_ROWS = 10;

/** How many live rows are not among the ids. */
export function countMissing(db: Database, stream: Stream, ids: ReadonlySet<string>): number {
  let missing = 0;
  for (const _ of missingIds(db, stream, ids)) missing += 1;
  return missing;
}

/**
 * Marks the live rows that are not among the ids as deleted, within the caller's transaction, and returns
 * how many. Throws `sweep-refused` when that would be most of the table, which no listing is believed.
 */
export function sweep(db: Database, stream: Stream, ids: ReadonlySet<string>, now: number): number {
  const gone = [...missingIds(db, stream, ids)];
  const live = countLive(db, stream);
  if (gone.length > FEW_ROWS && gone.length * 2 > live) {
    throw new AppError(
      "sweep-refused",
      `the listing lacks ${gone.length} of ${live} live rows; they were not marked deleted`,
      {
        at: stream.name,
        hint: "see in Kustomer whether they are really gone; a listing this short is more likely a fault",
      },
    );
  }
  const at = formatTime(now);
  const mark = db.prepare(`UPDATE ${quote(stream.name)} SET _deleted_at = ?, _synced_at = ? WHERE id = ?`);
  for (const id of gone) mark.run(at, at, id);
  mark.finalize();
  return gone.length;
}

function* missingIds(db: Database, stream: Stream, ids: ReadonlySet<string>): Generator<string> {
  const live = db.query<{ id: string }, []>(`SELECT id FROM ${quote(stream.name)} WHERE _deleted_at IS NULL`);
  for (const { id } of live.iterate()) if (!ids.has(id)) yield id;
}

function countLive(db: Database, stream: Stream): number {
  const sql = `SELECT count(*) AS n FROM ${quote(stream.name)} WHERE _deleted_at IS NULL`;
  return db.query<{ n: number }, []>(sql).get()?.n ?? 0;
}
