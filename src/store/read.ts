/**
 * The file as it stood at one moment: everything that is asked here is answered from one read transaction, while
 * a sync may go on writing. Rows come in small batches, so that memory does not grow with a table.
 */
import type { Database, Statement } from "bun:sqlite";
import { formatTime } from "../lib/time.ts";
import type { Column, Stream } from "../streams/define.ts";
import { type FileClock, readClock } from "./clock.ts";
import { quote } from "./identifier.ts";
import { columnOf, readLayout } from "./layout.ts";
import { checkLongRead } from "./lock.ts";
import { openFile } from "./open.ts";
import { Damage, onFile } from "./sqlite-failure.ts";
import { type StreamStatus, streamStatus } from "./status.ts";

/** A value as SQLite holds it; an integer beyond 2^53 is a bigint. */
export type Cell = string | number | bigint | null;

/** A value per column, in the order of the stream's columns. */
export type Cells = readonly Cell[];

export type RowSelection = {
  /** True for the rows that are marked deleted too. */
  readonly includeDeleted: boolean;
  /** Only rows written after this instant (ms); null for all. */
  readonly writtenAfter: number | null;
  /** Groups the rows by the day or month (UTC) of `createdAt`, oldest first, those without one before all. */
  readonly groupBy: "day" | "month" | null;
};

/** `period` is `2026-11` or `2026-11-23` where rows are grouped; null for rows without a date, or ungrouped. */
export type RowBatch = { readonly period: string | null; readonly rows: readonly Cells[] };

export type FileSnapshot = {
  /** When the snapshot was taken (ms, this machine's clock). */
  readonly at: number;
  /** Null for a file that no newer program has written to. */
  readonly clock: FileClock | null;
  /** The account's id; null when no run has learned it. */
  readonly org: string | null;
  readonly status: (stream: Stream) => StreamStatus;
  /** The columns of a stream's table, those that came by drift included. */
  readonly columns: (stream: Stream) => readonly Column[];
  readonly rows: (stream: Stream, selection: RowSelection) => Generator<RowBatch>;
  readonly close: () => void;
};

/** So few that rows of a megabyte, too, are no burden. */
const BATCH_ROWS = 32;

const MOST_SAFE = Number.MAX_SAFE_INTEGER;
const DATED = {
  day: "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*",
  month: "[0-9][0-9][0-9][0-9]-[0-9][0-9]*",
};
const PERIOD_LENGTH = { day: 10, month: 7 };

/** Opens a file to read and takes a snapshot; throws `store-*`, and changes nothing. */
export function openSnapshot(path: string): FileSnapshot {
  const { db } = openFile(path, "read");
  try {
    return onFile(path, () => {
      checkLongRead(db, path);
      db.run("BEGIN");
      // The transaction begins with its first look at the file.
      const clock = readClock(db);
      return { at: Date.now(), clock, org: readOrg(db), ...readers(db, path), close: () => db.close() };
    });
  } catch (error) {
    db.close();
    throw error;
  }
}

function readers(db: Database, path: string): Pick<FileSnapshot, "status" | "columns" | "rows"> {
  return {
    status: (stream) => onFile(path, () => streamStatus(db, stream)),
    columns: (stream) =>
      onFile(path, () => {
        const { columns } = readLayout(db, stream);
        return columns.length === 0 ? stream.columns : columns;
      }),
    *rows(stream, selection) {
      const { columns } = onFile(path, () => readLayout(db, stream));
      // A file made before a stream was known has no table of it.
      if (columns.length === 0) return;
      const batches =
        selection.groupBy === null
          ? plainRows(db, stream, columns, selection)
          : groupedRows(db, stream, columns, selection, selection.groupBy);
      try {
        for (;;) {
          const next = onFile(path, () => batches.next());
          if (next.done === true) return;
          yield next.value;
        }
      } finally {
        batches.return(undefined);
      }
    },
  };
}

function* plainRows(
  db: Database,
  stream: Stream,
  columns: readonly Column[],
  selection: RowSelection,
): Generator<RowBatch> {
  const wide = wideColumns(columns);
  const sql = `SELECT ${selectList(columns)} FROM ${quote(stream.name)} WHERE ${conditions(selection)}`;
  yield* withStatement(db.prepare<Record<string, Cell>, []>(sql), function* (statement) {
    let rows: Cell[][] = [];
    for (const row of statement.iterate()) {
      rows.push(toCells(Object.values(row), wide));
      if (rows.length < BATCH_ROWS) continue;
      yield { period: null, rows };
      rows = [];
    }
    if (rows.length > 0) yield { period: null, rows };
  });
}

/** Sorts the numbers of the rows, not the rows, and looks each row up. */
function* groupedRows(
  db: Database,
  stream: Stream,
  columns: readonly Column[],
  selection: RowSelection,
  by: "day" | "month",
): Generator<RowBatch> {
  const wide = wideColumns(columns);
  const created = columnOf(columns, "createdAt")?.name;
  const period =
    created === undefined
      ? "NULL"
      : `CASE WHEN ${quote(created)} GLOB '${DATED[by]}' THEN substr(${quote(created)}, 1, ${PERIOD_LENGTH[by]}) END`;
  const table = quote(stream.name);
  const order = `SELECT _rowid_ AS number, ${period} AS period FROM ${table}
    WHERE ${conditions(selection)} ORDER BY period, number`;
  const one = `SELECT ${selectList(columns)} FROM ${table} WHERE _rowid_ = ?`;
  yield* withStatement(db.prepare<Record<string, Cell>, [number]>(one), function* (lookUp) {
    const numbers = db.prepare<{ number: number; period: string | null }, []>(order);
    yield* withStatement(numbers, function* (statement) {
      let batch: { period: string | null; rows: Cell[][] } = { period: null, rows: [] };
      for (const { number, period } of statement.iterate()) {
        if (batch.rows.length >= BATCH_ROWS || (batch.rows.length > 0 && batch.period !== period)) {
          yield batch;
          batch = { period, rows: [] };
        }
        batch.period = period;
        const row = lookUp.get(number);
        if (row === null) throw new Damage(`row ${number} of ${stream.name} is not found where it is`);
        batch.rows.push(toCells(Object.values(row), wide));
      }
      if (batch.rows.length > 0) yield batch;
    });
  });
}

function* withStatement<S extends Statement<unknown, never[]>, T>(
  statement: S,
  use: (statement: S) => Generator<T>,
): Generator<T> {
  try {
    yield* use(statement);
  } finally {
    statement.finalize();
  }
}

function conditions({ includeDeleted, writtenAfter }: RowSelection): string {
  const parts = [
    includeDeleted ? [] : ["_deleted_at IS NULL"],
    writtenAfter === null ? [] : [`_synced_at > '${formatTime(writtenAfter)}'`],
  ].flat();
  return parts.join(" AND ") || "TRUE";
}

/** Named by number, because an object's values come in the order of its names only while these are no numbers. */
function selectList(columns: readonly Column[]): string {
  return columns.map((column, index) => `${expression(column)} AS c${index}`).join(", ");
}

/** An integer that a double cannot hold comes as text; to ask for bigint would make every one of them one. */
function expression({ name, kind }: Column): string {
  const column = quote(name);
  if (kind !== "int") return column;
  return `CASE WHEN ${column} BETWEEN -${MOST_SAFE} AND ${MOST_SAFE} THEN ${column} ELSE CAST(${column} AS TEXT) END`;
}

function wideColumns(columns: readonly Column[]): readonly number[] {
  return columns.flatMap(({ kind }, index) => (kind === "int" ? [index] : []));
}

function toCells(cells: Cell[], wide: readonly number[]): Cell[] {
  for (const index of wide) {
    const cell = cells[index];
    if (typeof cell !== "string") continue;
    if (!/^-?\d+$/.test(cell)) throw new Damage(`${cell.slice(0, 20)} in a column of integers`);
    cells[index] = BigInt(cell);
  }
  return cells;
}

function readOrg(db: Database): string | null {
  const sql = "SELECT org FROM _sync_runs WHERE org IS NOT NULL ORDER BY id DESC LIMIT 1";
  return db.query<{ org: string }, []>(sql).get()?.org ?? null;
}
