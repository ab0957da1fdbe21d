/**
 * Counts the rows of a stream as Kustomer's search counts them, by the time of their last change: rows that
 * Kustomer calls deleted are among them, and rows that we marked because they did not come are not. So one that
 * was marked wrongly is counted as missing, and comes back.
 */
import type { Database } from "bun:sqlite";
import type { Range, Suspect } from "../destination/destination.ts";
import { formatTime, parseTime } from "../lib/time.ts";
import type { Stream } from "../streams/define.ts";
import { quote } from "./identifier.ts";
import { columnOf, type Layout } from "./layout.ts";

/** How many rows were last changed in a range. */
export function countChanged(db: Database, { name }: Stream, layout: Layout, range: Range): number {
  const updated = updatedColumn(layout);
  if (updated === null) return 0;
  const where = `${updated} >= ? AND ${updated} < ?`;
  const count = (condition: string) =>
    db
      .query<{ n: number }, [string, string]>(
        `SELECT count(*) AS n FROM ${quote(name)} WHERE ${where}${condition}`,
      )
      .get(...bounds(range))!.n;
  return count("") - count(` AND ${markedByUs(layout)}`);
}

/** How many of the rows that were last changed in a range are live. */
export function countChangedLive(db: Database, { name }: Stream, layout: Layout, range: Range): number {
  const updated = updatedColumn(layout);
  if (updated === null) return 0;
  return db
    .query<{ n: number }, [string, string]>(
      `SELECT count(*) AS n FROM ${quote(name)}
       WHERE ${updated} >= ? AND ${updated} < ? AND _deleted_at IS NULL`,
    )
    .get(...bounds(range))!.n;
}

/** When the row was changed (ms) that comes `offset` rows after the first of a range; null when there is none. */
export function instantAt(
  db: Database,
  { name }: Stream,
  layout: Layout,
  range: Range,
  offset: number,
): number | null {
  const updated = updatedColumn(layout);
  if (updated === null) return null;
  const row = db
    .query<{ at: string }, [string, string, number]>(
      `SELECT ${updated} AS at FROM ${quote(name)} WHERE ${updated} >= ? AND ${updated} < ?
       ORDER BY ${updated} LIMIT 1 OFFSET ?`,
    )
    .get(...bounds(range), offset);
  return row === null ? null : parseTime(row.at);
}

/** The rows of a range that are counted and are not among the ids, at most `limit`; those that Kustomer deleted are left out. */
export function absentFrom(
  db: Database,
  { name }: Stream,
  layout: Layout,
  range: Range,
  ids: ReadonlySet<string>,
  limit: number,
): Suspect[] {
  const updated = updatedColumn(layout);
  if (updated === null) return [];
  const rows = db.query<{ id: string; at: string }, [string, string]>(
    `SELECT id, ${updated} AS at FROM ${quote(name)}
     WHERE ${updated} >= ? AND ${updated} < ? AND NOT (${markedByUs(layout)}) ORDER BY ${updated}`,
  );
  const absent: Suspect[] = [];
  for (const { id, at } of rows.iterate(...bounds(range))) {
    if (ids.has(id)) continue;
    absent.push({ id, updatedAt: parseTime(at) });
    if (absent.length >= limit) break;
  }
  return absent;
}

/** The newest change (ms) before an instant; null when there is none. */
export function newestBefore(db: Database, { name }: Stream, layout: Layout, instant: number): number | null {
  const updated = updatedColumn(layout);
  if (updated === null) return null;
  const row = db
    .query<{ at: string | null }, [string]>(
      `SELECT max(${updated}) AS at FROM ${quote(name)} WHERE ${updated} < ?`,
    )
    .get(formatTime(instant));
  return row?.at == null ? null : parseTime(row.at);
}

/** True for rows that are marked deleted although they do not call themselves so. */
function markedByUs({ columns }: Layout): string {
  const deleted = columnOf(columns, "deleted");
  const deletedAt = columnOf(columns, "deletedAt");
  const flag = deleted?.kind === "bool" ? quote(deleted.name) : null;
  const says = [
    ...(flag === null ? [] : [`${flag} IS 1`]),
    ...(deletedAt === null
      ? []
      : [`(${flag === null ? "TRUE" : `${flag} IS NOT 0`} AND ${quote(deletedAt.name)} IS NOT NULL)`]),
  ];
  const isSaid = says.length === 0 ? "FALSE" : `(${says.join(" OR ")})`;
  return `(_deleted_at IS NOT NULL AND NOT ${isSaid})`;
}

function updatedColumn({ columns }: Layout): string | null {
  const updatedAt = columnOf(columns, "updatedAt");
  return updatedAt === null ? null : quote(updatedAt.name);
}

/** Text that is greater than every instant stands for no end. */
function bounds({ from, to }: Range): [string, string] {
  return [formatTime(from), to === Number.POSITIVE_INFINITY ? "~" : formatTime(to)];
}
