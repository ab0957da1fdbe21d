/**
 * The columns of one stream's table: those of the catalog and those that attributes brought which the
 * catalog does not know. `_sync_columns` says where each column comes from, so that a file that is opened
 * again, by whatever version, puts every attribute where it was before. A column that it does not name is
 * somebody else's, and is neither written nor read.
 */
import type { Database } from "bun:sqlite";
import { AppError } from "../lib/errors.ts";
import { formatTime } from "../lib/time.ts";
import { type Column, type ColumnSource, type Stream, snakeCase } from "../streams/define.ts";
import { type NewColumn, type Shape, shapeOf } from "../streams/record.ts";
import { forgetState } from "./state.ts";
import {
  addColumn,
  createIndexes,
  createTable,
  holds,
  isKind,
  type PresentColumn,
  tableColumns,
} from "./tables.ts";

/** SQLite's own limit is 2,000, and rows of so many columns serve nobody; what is beyond stays in `_extra`. */
export const MOST_COLUMNS = 1_000;

/** Names of the row's number, by which exports read a table in pieces. */
const ROW_NUMBER: ReadonlySet<string> = new Set(["rowid", "oid", "_rowid_"]);

export type Layout = Shape & {
  /** Names that are taken, in lower case: also those of columns that somebody added by hand. */
  readonly taken: ReadonlySet<string>;
};

/**
 * Makes a stream's table and whatever it lacks, within the caller's transaction. Throws `store-foreign` when
 * somebody changed the table so that rows cannot be written to it.
 */
export function prepareLayout(db: Database, path: string, stream: Stream, now: number): void {
  const present = tableColumns(db, stream.name);
  const { columns, absent } = findColumns(db, stream, present);
  if (present.size === 0) {
    createTable(db, stream.name, columns);
    // A table that somebody dropped is empty now, whatever had been read into it.
    forgetState(db, stream);
  } else {
    checkTable(path, stream, present);
    // A column that somebody dropped took its values along, and only reading all rows again brings them back.
    if (hadAny(db, stream, absent)) forgetState(db, stream);
    for (const column of absent) addColumn(db, stream.name, column);
  }
  for (const column of absent) recordColumn(db, stream, column, now);
  const cursor = stream.cursor === null ? null : columnOf(columns, stream.cursor);
  createIndexes(db, stream.name, cursor?.name ?? null);
}

/** Reads a table's layout; a column that the table lacks is left out. */
export function readLayout(db: Database, stream: Stream): Layout {
  const present = tableColumns(db, stream.name);
  const { columns, absent } = findColumns(db, stream, present);
  return layoutOf(
    columns.filter((column) => !absent.has(column)),
    present.keys(),
  );
}

/** Adds columns to a table and to `_sync_columns`, within the caller's transaction; returns the new layout. */
export function growLayout(
  db: Database,
  stream: Stream,
  layout: Layout,
  wanted: readonly NewColumn[],
  now: number,
): Layout {
  if (layout.taken.size >= MOST_COLUMNS) return layout;
  // Looked up again: somebody may have added a column by hand since the file was opened.
  const taken = new Set([...layout.taken, ...tableColumns(db, stream.name).keys()]);
  const grown: Column[] = [];
  for (const { from, name, kind } of wanted) {
    if (taken.size >= MOST_COLUMNS) break;
    const base = `${snakeCase(name) || from}${from === "relationship" ? "_id" : ""}`;
    const column: Column = { name: freeName(base, taken), kind, source: { from, name } };
    taken.add(column.name.toLowerCase());
    addColumn(db, stream.name, column);
    recordColumn(db, stream, column, now);
    grown.push(column);
  }
  return grown.length === 0 ? layout : layoutOf([...layout.columns, ...grown], taken);
}

/** The column that holds an attribute; null when none does. */
export function columnOf(columns: readonly Column[], attribute: string): Column | null {
  return columns.find(({ source }) => source.from === "attribute" && source.name === attribute) ?? null;
}

/**
 * Every column that a stream has or should have, in the catalog's order and then in the order they came, and
 * which of them the table lacks. A recorded column keeps its name and kind whatever the catalog says; one
 * whose name somebody else took gets another.
 */
function findColumns(
  db: Database,
  stream: Stream,
  present: ReadonlyMap<string, PresentColumn>,
): { columns: Column[]; absent: Set<Column> } {
  const recorded = recordedColumns(db, stream);
  const columns: Column[] = [];
  const absent = new Set<Column>();
  const occupied = new Set([...present.keys(), ...[...recorded.values()].map(lowerName)]);
  const taken = new Set([...occupied, ...stream.columns.map(lowerName)]);
  const catalog = new Set(stream.columns.map(({ source }) => keyOf(source)));
  const drifted = [...recorded].filter(([key]) => !catalog.has(key)).map(([, column]) => column);
  for (const wanted of [...stream.columns, ...drifted]) {
    const { source } = wanted;
    const named = source.from === "attribute" || source.from === "relationship";
    const known = named ? recorded.get(keyOf(source)) : wanted;
    let column = known ?? wanted;
    const there = present.get(lowerName(column));
    const isTheirs =
      known === undefined ? occupied.has(lowerName(column)) : there && !holds(there, known.kind);
    if (named && isTheirs) {
      column = { ...column, name: freeName(column.name, taken) };
      taken.add(lowerName(column));
      absent.add(column);
    } else if (there === undefined) absent.add(column);
    columns.push(column);
  }
  return { columns, absent };
}

type ColumnRow = { column_name: string; kind: string; source: string; source_name: string };

/** What `_sync_columns` says of a table, by source. */
function recordedColumns(db: Database, { name }: Stream): Map<string, Column> {
  const rows = db
    .query<ColumnRow, [string]>(
      "SELECT column_name, kind, source, source_name FROM _sync_columns WHERE stream = ? ORDER BY rowid",
    )
    .all(name);
  const columns = new Map<string, Column>();
  for (const { column_name, kind, source: from, source_name } of rows) {
    if (!isKind(kind) || (from !== "attribute" && from !== "relationship")) continue;
    const source = { from, name: source_name } as const;
    columns.set(keyOf(source), { name: column_name, kind, source });
  }
  return columns;
}

/** True when the table had one of these columns, as far as `_sync_columns` tells; if it tells nothing, it did. */
function hadAny(db: Database, { name }: Stream, columns: ReadonlySet<Column>): boolean {
  if (columns.size === 0) return false;
  const rows = db
    .query<ColumnRow, [string]>("SELECT source, source_name FROM _sync_columns WHERE stream = ?")
    .all(name);
  const told = new Set(rows.map(({ source, source_name }) => `${source} ${source_name}`));
  return told.size === 0 || [...columns].some(({ source }) => told.has(keyOf(source)));
}

/** Notes where a column comes from, for people and for the next opening. */
function recordColumn(db: Database, { name }: Stream, { source, ...column }: Column, now: number): void {
  db.query("DELETE FROM _sync_columns WHERE stream = ? AND source = ? AND source_name = ?").run(
    name,
    source.from,
    source.name,
  );
  db.query(
    `INSERT OR REPLACE INTO _sync_columns (stream, column_name, kind, source, source_name, added_at)
     VALUES (?, ?, ?, ?, ?, ?)`,
  ).run(name, column.name, column.kind, source.from, source.name, formatTime(now));
}

/** Rows are found by `id`, and our own columns have no other home. */
function checkTable(path: string, stream: Stream, present: ReadonlyMap<string, PresentColumn>): void {
  const changed = (what: string) =>
    new AppError("store-foreign", `the table ${stream.name} was changed by hand: ${what}`, {
      at: path,
      hint: "restore a copy, or sync into a new file with --db; it was left as it is",
    });
  if (present.get("id")?.primaryKey !== true) throw changed("its primary key is not id");
  for (const { name, kind, source } of stream.columns) {
    const there = source.from === "own" || source.from === "member" ? present.get(name) : undefined;
    if (there !== undefined && !holds(there, kind)) throw changed(`${name} is not a column of ${kind}`);
  }
}

function layoutOf(columns: readonly Column[], taken: Iterable<string>): Layout {
  return { ...shapeOf(columns), taken: new Set([...taken, ...columns.map(lowerName)]) };
}

/** The name, or the first with a number behind it that nothing else has. */
function freeName(base: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}_${number}`;
    if (!taken.has(name.toLowerCase()) && !ROW_NUMBER.has(name.toLowerCase())) return name;
  }
}

function lowerName({ name }: Pick<Column, "name">): string {
  return name.toLowerCase();
}

function keyOf({ from, name }: ColumnSource): string {
  return `${from} ${name}`;
}
