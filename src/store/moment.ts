/**
 * The file as it stood at one moment: everything that is asked here is answered from one read transaction, while
 * a sync may go on writing. Rows come in small batches, so that memory does not grow with a table.
 */
import type { Database, Statement } from "bun:sqlite";
import { formatTime } from "../lib/time.ts";
import type { Column, Stream } from "../streams/define.ts";
import { type FileClock, readClock } from "./clock.ts";
import { checkCondition, conditionSql, onCondition } from "./condition.ts";
import { quote } from "./identifier.ts";
import { columnOf, readLayout } from "./layout.ts";
import { checkLongRead } from "./lock.ts";
import { openFile } from "./open.ts";
import { Damage, onFile } from "./sqlite-failure.ts";
import { type StreamStatus, streamStatus } from "./status.ts";

/** A value as SQLite holds it; an integer beyond 2^53 is a bigint. */
export type Cell = string | number | bigint | null;

/** A value per column, in the order of the columns that were asked for. */
export type Cells = readonly Cell[];

export type RowSelection = {
  /** True for the rows that are marked deleted too. */
  readonly includeDeleted: boolean;
  /** Only rows written after this instant (ms); null for all. */
  readonly writtenAfter: number | null;
  /** A condition in SQL that `checkCondition` let pass; null for none. */
  readonly where: string | null;
  /** At most so many rows; null for all. */
  readonly limit: number | null;
  /** Groups the rows by the day or month (UTC) of `createdAt`, oldest first, those without one before all. */
  readonly groupBy: "day" | "month" | null;
};

/** `period` is `2026-11` or `2026-11-23` where rows are grouped; null for rows without a date, or ungrouped. */
export type RowBatch = {
  readonly period: string | null;
  readonly rows: readonly Cells[];
  /** How many of these are marked deleted. */
  readonly deleted: number;
};

export type FileMoment = {
  /** When the snapshot was taken (ms, this machine's clock). */
  readonly at: number;
  /** Null for a file that no newer program has written to. */
  readonly clock: FileClock | null;
  /** The account's id; null when no run has learned it. */
  readonly org: string | null;
  readonly status: (stream: Stream) => StreamStatus;
  /** False where nothing of a stream was ever read: then that it has no rows means nothing. */
  readonly wasRead: (stream: Stream) => boolean;
  /** The columns of a stream's table, those that came by drift included. */
  readonly columns: (stream: Stream) => readonly Column[];
  /** Throws `usage` for what is no condition on the rows of a stream. */
  readonly checkCondition: (stream: Stream, condition: string) => void;
  /** Some or all of a stream's rows, in these columns of its. */
  readonly rows: (stream: Stream, columns: readonly Column[], selection: RowSelection) => Generator<RowBatch>;
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
export function openMoment(path: string): FileMoment {
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

type Readers = Pick<FileMoment, "status" | "wasRead" | "columns" | "checkCondition" | "rows">;

function readers(db: Database, path: string): Readers {
  const hasTable = (stream: Stream) => onFile(path, () => readLayout(db, stream).columns.length > 0);
  return {
    status: (stream) => onFile(path, () => streamStatus(db, stream)),
    // What `load` brought has no state.
    wasRead: (stream) =>
      onFile(path, () => hasState(db, stream)) ||
      (hasTable(stream) && onFile(path, () => hasRow(db, stream))),
    columns: (stream) =>
      onFile(path, () => {
        const { columns } = readLayout(db, stream);
        return columns.length === 0 ? stream.columns : columns;
      }),
    checkCondition: (stream, condition) => {
      if (hasTable(stream)) onFile(path, () => checkCondition(db, stream, condition));
    },
    *rows(stream, columns, selection) {
      // A file made before a stream was known has no table of it.
      if (!hasTable(stream)) return;
      const batches =
        selection.groupBy === null
          ? plainRows(db, stream, columns, selection)
          : groupedRows(db, stream, columns, selection, selection.groupBy);
      const step = () => batches.next();
      try {
        for (;;) {
          const batch = onFile(path, selection.where === null ? step : () => onCondition(stream, step));
          if (batch.done === true) return;
          yield batch.value;
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
  const batch = createBatch(columns);
  const sql = `SELECT ${selectList(columns)} FROM ${quote(stream.name)} WHERE ${conditions(selection)}${limitSql(selection)}`;
  yield* withStatement(db.prepare<Record<string, Cell>, []>(sql), function* (statement) {
    for (const row of statement.iterate()) {
      batch.add(row);
      if (batch.size() === BATCH_ROWS) yield batch.take(null);
    }
    if (batch.size() > 0) yield batch.take(null);
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
  const created = columnOf(readLayout(db, stream).columns, "createdAt")?.name;
  const period =
    created === undefined
      ? "NULL"
      : `CASE WHEN ${quote(created)} GLOB '${DATED[by]}' THEN substr(${quote(created)}, 1, ${PERIOD_LENGTH[by]}) END`;
  const table = quote(stream.name);
  const order = `SELECT _rowid_ AS number, ${period} AS period FROM ${table}
    WHERE ${conditions(selection)} ORDER BY period, number${limitSql(selection)}`;
  const one = `SELECT ${selectList(columns)} FROM ${table} WHERE _rowid_ = ?`;
  yield* withStatement(db.prepare<Record<string, Cell>, [number]>(one), function* (lookUp) {
    const numbers = db.prepare<{ number: number; period: string | null }, []>(order);
    yield* withStatement(numbers, function* (statement) {
      const batch = createBatch(columns);
      let current: string | null = null;
      for (const { number, period } of statement.iterate()) {
        const isFull = batch.size() === BATCH_ROWS || current !== period;
        if (isFull && batch.size() > 0) yield batch.take(current);
        current = period;
        const row = lookUp.get(number);
        if (row === null) throw new Damage(`row ${number} of ${stream.name} is not found where it is`);
        batch.add(row);
      }
      if (batch.size() > 0) yield batch.take(current);
    });
  });
}

/** Gathers rows, as `selectList` has them, until they are taken. */
function createBatch(columns: readonly Column[]) {
  const wide = wideColumns(columns);
  let rows: Cells[] = [];
  let deleted = 0;
  return {
    size: () => rows.length,
    add(row: Record<string, Cell>) {
      const cells = Object.values(row);
      if (cells.pop() === 1) deleted += 1;
      rows.push(toCells(cells, wide));
    },
    take(period: string | null): RowBatch {
      const taken = { period, rows, deleted };
      [rows, deleted] = [[], 0];
      return taken;
    },
  };
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

function conditions({ includeDeleted, writtenAfter, where }: RowSelection): string {
  const parts = [
    includeDeleted ? [] : ["_deleted_at IS NULL"],
    writtenAfter === null ? [] : [`_synced_at > '${formatTime(writtenAfter)}'`],
    where === null ? [] : [conditionSql(where)],
  ].flat();
  return parts.join(" AND ") || "TRUE";
}

function limitSql({ limit }: RowSelection): string {
  return limit === null ? "" : ` LIMIT ${limit}`;
}

/**
 * The columns, and whether the row is marked deleted. Named by number, because an object's values come in the order
 * of its names only while these are no numbers.
 */
function selectList(columns: readonly Column[]): string {
  const list = columns.map((column, index) => `${expression(column)} AS c${index}`);
  return [...list, "_deleted_at IS NOT NULL AS gone"].join(", ");
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

function hasState(db: Database, { name }: Stream): boolean {
  return db.query("SELECT 1 FROM _sync_state WHERE stream = ?").get(name) !== null;
}

function hasRow(db: Database, { name }: Stream): boolean {
  return db.query(`SELECT 1 FROM ${quote(name)} LIMIT 1`).get() !== null;
}

function readOrg(db: Database): string | null {
  const sql = "SELECT org FROM _sync_runs WHERE org IS NOT NULL ORDER BY id DESC LIMIT 1";
  return db.query<{ org: string }, []>(sql).get()?.org ?? null;
}
