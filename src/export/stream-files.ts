/**
 * Writes the rows of one stream into its files: one, or one for each partition, or for NDJSON one for each row
 * group; and tells what is in them. A stream without rows has a file too, which says what columns it has.
 */
import { join } from "node:path";
import { formatTime } from "../lib/time.ts";
import type { Cells, FileMoment } from "../store/moment.ts";
import type { Stream } from "../streams/define.ts";
import { EXTENSION } from "./compression.ts";
import type { Disk } from "./disk.ts";
import type { Compression, Encoder, ExportColumn, Format } from "./format.ts";
import type { ManifestFile, ManifestStream } from "./manifest.ts";
import { createOutputFile, type OutputFile } from "./output-file.ts";
import { createStatistics, type Statistics } from "./statistics.ts";
import { askRows, countRows, type Task } from "./task.ts";

export type PartitionBy = "day" | "month";

export type Shape = {
  readonly format: Format;
  readonly compression: Compression;
  readonly forExcel: boolean;
  /** Null where the format is to decide. */
  readonly rowGroupRows: number | null;
  readonly partitionBy: PartitionBy | null;
};

/** What has been written of a stream; `total` rows are to come, null where nobody has counted them. */
export type Counted = { readonly rows: number; readonly total: number | null; readonly bytes: number };

export type Watch = {
  readonly signal: AbortSignal;
  readonly onProgress: (stream: string, counted: Counted) => void;
};

/** Rows in a file of NDJSON. */
const ROW_GROUP_ROWS = 50_000;

/** What Hive, Spark and DuckDB read as NULL. */
const NO_PARTITION = "__HIVE_DEFAULT_PARTITION__";

/** The name at the top of the folder: a file, or where there may be several the folder they are in. */
export function topName(stream: Stream, shape: Shape): string {
  return isSingle(shape) ? `${stream.name}${extension(shape)}` : stream.name;
}

/** Writes the files of a stream into a folder, and returns what the manifest says of them. */
export async function writeStream(
  disk: Disk,
  folder: string,
  snapshot: FileMoment,
  shape: Shape,
  task: Task,
  watch: Watch,
): Promise<ManifestStream> {
  const { stream, rows: selection } = task;
  const columns = task.columns.map(({ name, kind }): ExportColumn => ({ name, kind }));
  const total = countRows(snapshot, task);
  const files: ManifestFile[] = [];
  let [rows, deleted, bytes, cutCells] = [0, 0, 0, 0];
  let part: Part | null = null;
  let nth = 0;
  const tell = () => watch.onProgress(stream.name, { rows, total, bytes });
  const open = async (period: string | null): Promise<Part> => {
    if (part !== null && part.period !== period) nth = 0;
    nth += 1;
    const place = partPath(stream, shape, period, nth);
    return openPart(disk, folder, place, columns, shape, (written) => {
      bytes += written;
      tell();
    });
  };
  const closePart = async () => {
    if (part === null) return;
    files.push(await part.end());
    cutCells += part.cutCells();
  };
  tell();
  try {
    for (const batch of askRows(snapshot, task, shape.partitionBy)) {
      for (let from = 0; from < batch.rows.length; ) {
        if (part === null || part.period !== batch.period || part.room() === 0) {
          await closePart();
          part = await open(batch.period);
        }
        const taken = batch.rows.slice(from, from + part.room());
        await part.write(taken);
        from += taken.length;
      }
      rows += batch.rows.length;
      deleted += batch.deleted;
      watch.signal.throwIfAborted();
    }
    part ??= await open(null);
    await closePart();
  } catch (error) {
    await part?.abandon();
    throw error;
  }
  tell();
  const { synced_to, complete, start } = snapshot.status(stream);
  return {
    stream: stream.name,
    columns,
    rows,
    deleted,
    since: selection.writtenAfter === null ? null : formatTime(selection.writtenAfter),
    written_to: snapshot.clock === null || task.isPart ? null : formatTime(snapshot.clock.at),
    synced_to,
    complete,
    start,
    includes_deleted: selection.includeDeleted,
    ...(shape.forExcel ? { cut_cells: cutCells } : {}),
    files,
  };
}

/** A file that is being written, and the period that its rows are of. */
type Part = {
  readonly period: string | null;
  /** How many rows it takes yet. */
  readonly room: () => number;
  readonly write: (rows: readonly Cells[]) => Promise<void>;
  readonly end: () => Promise<ManifestFile>;
  readonly cutCells: () => number;
  readonly abandon: () => Promise<void>;
};

type Place = {
  readonly path: string;
  readonly period: string | null;
  readonly partition: ManifestFile["partition"];
};

async function openPart(
  disk: Disk,
  folder: string,
  { path, period, partition }: Place,
  columns: readonly ExportColumn[],
  shape: Shape,
  onBytes: (bytes: number) => void,
): Promise<Part> {
  const full = join(folder, path);
  await disk.makeFolder(join(full, ".."));
  const outer = shape.format.compressesItself ? "none" : shape.compression;
  const file: OutputFile = await createOutputFile(disk, full, outer, onBytes);
  const encoder = beginEncoder(shape, columns, file.write);
  const statistics: Statistics = createStatistics(columns);
  const most = shape.format.name === "ndjson" ? (shape.rowGroupRows ?? ROW_GROUP_ROWS) : Infinity;
  let rows = 0;
  return {
    period,
    room: () => most - rows,
    async write(taken) {
      for (const row of taken) statistics.add(row);
      await encoder.write(taken);
      rows += taken.length;
    },
    async end() {
      await encoder.end();
      const written = await file.end();
      return {
        path,
        rows,
        ...written,
        ...(partition === undefined ? {} : { partition }),
        columns: statistics.result(),
      };
    },
    cutCells: () => encoder.cutCells?.() ?? 0,
    abandon: file.abandon,
  };
}

export function beginEncoder(
  { format, compression, forExcel, rowGroupRows }: Shape,
  columns: readonly ExportColumn[],
  out: OutputFile["write"],
): Encoder {
  return format.begin(columns, out, {
    compression,
    forExcel,
    ...(rowGroupRows === null ? {} : { rowGroupRows }),
  });
}

function partPath(stream: Stream, shape: Shape, period: string | null, nth: number): Place {
  if (isSingle(shape)) return { path: topName(stream, shape), period, partition: undefined };
  const name = `${String(nth).padStart(5, "0")}${extension(shape)}`;
  if (shape.partitionBy === null) return { path: `${stream.name}/${name}`, period, partition: undefined };
  const column = `created_${shape.partitionBy}`;
  return {
    path: `${stream.name}/${column}=${period ?? NO_PARTITION}/${name}`,
    period,
    partition: { [column]: period },
  };
}

function isSingle({ format, partitionBy }: Shape): boolean {
  return partitionBy === null && format.name !== "ndjson";
}

function extension({ format, compression }: Shape): string {
  return `.${format.name}${format.compressesItself ? "" : EXTENSION[compression]}`;
}
