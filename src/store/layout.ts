/**
 * The columns of one stream's table: those of the catalog and those that attributes brought which the
 * catalog does not know. `_sync_columns` says where each column comes from, so that a file that is opened
 * again, by whatever version, puts every attribute where it was before.
 */
import type { Database } from "bun:sqlite";
import { formatTime } from "../lib/time.ts";
import type { Column, Kind, Stream } from "../streams/define.ts";
import { snakeCase } from "../streams/snake-case.ts";
import { addColumn, tableColumns } from "./tables.ts";

/** SQLite's own limit is 2,000, and rows of so many columns serve nobody; what is beyond stays in `_extra`. */
export const MOST_COLUMNS = 1_000;

/** Names of the row's number, by which exports read a table in pieces. */
const ROW_NUMBER = ["rowid", "oid", "_rowid_"];

export type Layout = {
  readonly columns: readonly Column[];
  readonly attributes: ReadonlyMap<string, number>;
  readonly relationships: ReadonlyMap<string, number>;
  /** Names that are taken, in lower case: also those of columns that somebody added by hand. */
  readonly taken: ReadonlySet<string>;
};

/** An attribute or relationship that wants a column. */
export type NewColumn = {
  readonly from: "attribute" | "relationship";
  readonly name: string;
  readonly kind: Kind;
};

type ColumnRow = {
  column_name: string;
  kind: Kind;
  source: "attribute" | "relationship";
  source_name: string;
};

/** Reads a table's layout; a recorded column that the table has lost is added again, where it may be. */
export function readLayout(db: Database, stream: Stream, writable: boolean): Layout {
  const recorded = db
    .query<ColumnRow, [string]>(
      `SELECT column_name, kind, source, source_name FROM _sync_columns
       WHERE stream = ? AND source IN ('attribute', 'relationship') ORDER BY rowid`,
    )
    .all(stream.name);
  const present = tableColumns(db, stream.name);
  const known = new Set(stream.columns.map(({ name }) => name));
  const grown: Column[] = [];
  for (const { column_name: name, kind, source, source_name } of recorded) {
    if (known.has(name)) continue;
    const column: Column = { name, kind, source: { from: source, name: source_name } };
    if (!present.has(name.toLowerCase())) {
      if (!writable) continue;
      addColumn(db, stream.name, column);
    }
    grown.push(column);
  }
  return layoutOf([...stream.columns, ...grown], present);
}

/** Adds columns to a table and to `_sync_columns`, within the caller's transaction; returns the new layout. */
export function growLayout(
  db: Database,
  stream: Stream,
  layout: Layout,
  wanted: readonly NewColumn[],
  now: number,
): Layout {
  const taken = new Set(layout.taken);
  const grown: Column[] = [];
  for (const { from, name, kind } of wanted) {
    if (taken.size >= MOST_COLUMNS) break;
    const column: Column = { name: freeName(from, name, taken), kind, source: { from, name } };
    taken.add(column.name.toLowerCase());
    addColumn(db, stream.name, column);
    recordColumn(db, stream, column, now);
    grown.push(column);
  }
  return grown.length === 0 ? layout : layoutOf([...layout.columns, ...grown], taken);
}

/** Notes where a column comes from, for people and for the next opening. */
export function recordColumn(db: Database, stream: Stream, column: Column, now: number): void {
  db.query(
    `INSERT OR IGNORE INTO _sync_columns (stream, column_name, kind, source, source_name, added_at)
     VALUES (?, ?, ?, ?, ?, ?)`,
  ).run(stream.name, column.name, column.kind, column.source.from, column.source.name, formatTime(now));
}

function layoutOf(columns: readonly Column[], taken: Iterable<string>): Layout {
  const indexes = (from: string) =>
    new Map(
      columns.flatMap(({ source }, index) => (source.from === from ? [[source.name, index] as const] : [])),
    );
  const names = columns.map(({ name }) => name.toLowerCase());
  return {
    columns,
    attributes: indexes("attribute"),
    relationships: indexes("relationship"),
    taken: new Set([...taken, ...names, ...ROW_NUMBER]),
  };
}

/** The snake_case name, or the first with a number behind it that nothing else has. */
function freeName(from: NewColumn["from"], name: string, taken: ReadonlySet<string>): string {
  const base = `${snakeCase(name) || from}${from === "relationship" ? "_id" : ""}`;
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? base : `${base}_${number}`;
    if (!taken.has(candidate.toLowerCase())) return candidate;
  }
}
