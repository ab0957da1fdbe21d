/**
 * What of each stream an export is to bring: which streams, rows and columns. What was asked for and cannot be is said
 * before anything is written.
 */
import { AppError } from "../lib/errors.ts";
import type { FileMoment, RowBatch, RowSelection } from "../store/moment.ts";
import type { Column, Stream } from "../streams/define.ts";
import type { Format } from "./format.ts";
import { type Finished, markOf } from "./series.ts";

/** What was asked for. */
export type Wanted = {
  readonly streams: readonly Stream[];
  /** True where the streams were named, and each has to come; else those that were never read are left out. */
  readonly named: boolean;
  /** Whether rows that are marked deleted come. Where nobody says: changes do, and those that others look up. */
  readonly deletedRows: "always" | "never" | null;
  /** The names of the columns that are wanted, in this order; null for all. */
  readonly columns: readonly string[] | null;
  /** Only rows that a condition in SQL holds of; null for all. */
  readonly where: string | null;
  /** At most so many rows of each stream; null for all. */
  readonly limit: number | null;
  /** Only rows written at this instant (ms) or later; `last` for those since the newest export in the folder. */
  readonly since: number | "last" | null;
};

/** What of a stream is wanted. */
export type Task = {
  readonly stream: Stream;
  readonly columns: readonly Column[];
  readonly rows: Omit<RowSelection, "groupBy">;
  /** True where rows or columns were left out that an export which goes on from this one would miss. */
  readonly isPart: boolean;
};

/**
 * The streams without those that were never read, of which an empty file would tell a lie. Throws `usage` where they
 * were named, or none is left.
 */
export function streamsToExport({ streams, named }: Wanted, snapshot: FileMoment): readonly Stream[] {
  const unread = streams.filter((stream) => !snapshot.wasRead(stream));
  if (unread.length === 0) return streams;
  const names = unread.map(({ name }) => name);
  if (named) {
    throw new AppError("usage", `${names.join(", ")}: never synced into this file`, {
      at: "export",
      hint: `kustomer-sync sync ${names.join(" ")}, or leave it out`,
    });
  }
  if (unread.length < streams.length) return streams.filter((stream) => !unread.includes(stream));
  throw new AppError("usage", "nothing was synced into this file yet", {
    at: "export",
    hint: "kustomer-sync sync",
  });
}

/** The task where no earlier export counts. With `since` deletions come as what they are, changes. */
export function taskOf(options: Wanted, stream: Stream, snapshot: FileMoment): Task {
  const { since, deletedRows, where, limit } = options;
  if (where !== null) snapshot.checkCondition(stream, where);
  const byDefault = typeof since === "number" || stream.isLookup;
  const includeDeleted = deletedRows === null ? byDefault : deletedRows === "always";
  return {
    stream,
    columns: pickColumns(snapshot.columns(stream), options.columns, stream),
    rows: {
      includeDeleted,
      // Instants are whole milliseconds: at this one or later is after the one before it.
      writtenAfter: typeof since === "number" ? since - 1 : null,
      where,
      limit,
    },
    isPart: options.columns !== null || where !== null || limit !== null,
  };
}

function pickColumns(
  columns: readonly Column[],
  wanted: readonly string[] | null,
  { name }: Stream,
): readonly Column[] {
  if (wanted === null) return columns;
  return wanted.map((each) => {
    const column = columns.find(({ name }) => name.toLowerCase() === each.toLowerCase());
    if (column !== undefined) return column;
    throw new AppError("usage", `it has no column ${JSON.stringify(each)}`, {
      at: name,
      hint: `kustomer-sync streams ${name} lists its columns; each of --columns has to be one of every stream`,
    });
  });
}

/** The task of an export that follows others: what changed, deletions too, even where all rows come again. */
export function followingTask(
  task: Task,
  { format }: { readonly format: Format },
  { clock }: FileMoment,
  series: readonly Finished[],
  onNote: (note: string) => void,
): Task {
  const { name: stream } = task.stream;
  const { after, why } = markOf(series, { stream, format: format.name, clock });
  if (why !== null) onNote(`${stream}: everything is exported: ${why}`);
  return { ...task, rows: { ...task.rows, writtenAfter: after, includeDeleted: true } };
}

/** The rows that a task has to write. */
export function askRows(
  snapshot: FileMoment,
  { stream, columns, rows }: Task,
  groupBy: RowSelection["groupBy"],
): Generator<RowBatch> {
  return snapshot.rows(stream, columns, { ...rows, groupBy });
}

/** How many rows a task has to write; null where only reading them would tell. */
export function countRows(snapshot: FileMoment, { stream, rows: selection }: Task): number | null {
  if (selection.writtenAfter !== null || selection.where !== null) return null;
  const { rows, deleted } = snapshot.status(stream);
  const count = selection.includeDeleted ? rows + deleted : rows;
  return selection.limit === null ? count : Math.min(count, selection.limit);
}
