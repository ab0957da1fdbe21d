/**
 * One export from end to end: every stream from one snapshot of the file, into a folder where it is seen when it is
 * whole, or to a single sink.
 */
import { join } from "node:path";
import { AppError } from "../lib/errors.ts";
import type { Keeper } from "../lib/keeper.ts";
import type { Pace } from "../lib/lease.ts";
import { formatTime } from "../lib/time.ts";
import { VERSION } from "../lib/version.ts";
import { type FileMoment, openMoment } from "../store/moment.ts";
import type { Stream } from "../streams/define.ts";
import { createCompressor } from "./compression.ts";
import { type Disk, disk as realDisk } from "./disk.ts";
import { folderFailure } from "./failure.ts";
import { openTarget, type Target } from "./folder.ts";
import type { ByteSink } from "./format.ts";
import { MANIFEST_VERSION, type Manifest, type ManifestStream, manifestText } from "./manifest.ts";
import { momentFolder } from "./names.ts";
import { nextSequence } from "./series.ts";
import { beginEncoder, type Counted, type Shape, topName, type Watch, writeStream } from "./stream-files.ts";
import {
  askRows,
  countRows,
  followingTask,
  streamsToExport,
  type Task,
  taskOf,
  type Wanted,
} from "./task.ts";

export type ExportOptions = Shape & Wanted & { readonly db: string };

export type FolderOptions = ExportOptions & {
  readonly out: string;
  readonly overwrite: boolean;
  /** Take the folder from another export that holds it. */
  readonly takeOver: boolean;
  /** How often it shows that it lives; default: as every lease. */
  readonly pace?: Pace;
  readonly keeper?: Keeper;
};

export type Exported = {
  readonly moment: string;
  /** The folder that holds the manifest. */
  readonly out: string;
  readonly streams: readonly ManifestStream[];
  /** The names of streams that were left out because they were never read. */
  readonly leftOut: readonly string[];
};

export type Hooks = Watch & {
  /** A stream is written. */
  readonly onDone: (stream: string, counted: Counted) => void;
  /** Why something is not as was asked for. */
  readonly onNote: (note: string) => void;
};

/** Exports streams into a folder; throws `usage` before anything is written, `disk-full`, `store-*` or `interrupted`. */
export async function exportToFolder(
  options: FolderOptions,
  hooks: Hooks,
  disk: Disk = realDisk,
): Promise<Exported> {
  const { out, overwrite } = options;
  const snapshot = openMoment(options.db);
  let target: Target | null = null;
  let tasks: readonly Task[] = [];
  const spent = { rows: 0, bytes: 0 };
  const done = { rows: 0, bytes: 0 };
  const watch: Hooks = {
    ...hooks,
    onProgress: (stream, counted) => {
      [spent.rows, spent.bytes] = [done.rows + counted.rows, done.bytes + counted.bytes];
      hooks.onProgress(stream, counted);
    },
  };
  try {
    const streams = streamsToExport(options, snapshot);
    const leftOut = options.streams.filter((stream) => !streams.includes(stream)).map(({ name }) => name);
    tasks = streams.map((stream) => taskOf(options, stream, snapshot));
    const names = streams.map((stream) => topName(stream, options));
    const { takeOver, pace, keeper } = options;
    const { signal, onNote } = hooks;
    const sinceLast = options.since === "last";
    target = await openTarget(disk, out, {
      overwrite,
      sinceLast,
      takeOver,
      names,
      signal,
      onNote,
      pace,
      keeper,
    });
    for (const note of target.notes) hooks.onNote(note);
    const isFollowing = options.since === "last" && target.series.length > 0;
    const written: ManifestStream[] = [];
    for (const first of tasks) {
      const { stream } = first;
      const task = isFollowing ? followingTask(first, options, snapshot, target.series, hooks.onNote) : first;
      const one = await writeStream(disk, target.building, snapshot, options, task, watch);
      [done.rows, done.bytes] = [spent.rows, spent.bytes];
      hooks.onDone(stream.name, { rows: one.rows, total: one.rows, bytes: bytesOf(one) });
      written.push(one);
    }
    const manifest = manifestOf(options, snapshot, written, nextSequence(target.series));
    const into = isFollowing ? freeName(snapshot.at, target) : null;
    const paths = written.flatMap(({ files }) => files.map(({ path }) => path));
    await target.publish(into === null ? { paths } : { into }, manifestText(manifest));
    return { moment: manifest.moment, out: into === null ? out : join(out, into), streams: written, leftOut };
  } catch (error) {
    const why = target?.explain(error) ?? error;
    // What was there before is there now; an error over removing what was not finished would hide the first one.
    await target?.abandon().catch(() => {});
    if (hooks.signal.aborted && error === hooks.signal.reason) throw stopped(error);
    throw folderFailure(out, why, () => (options.since === null ? roomFor(tasks, snapshot, spent) : null));
  } finally {
    snapshot.close();
  }
}

/** Exports one stream to a sink; ends early, without an error, when `out` says that nobody reads any more. */
export async function exportToSink(
  options: ExportOptions,
  stream: Stream,
  out: (bytes: Uint8Array) => Promise<boolean>,
  hooks: Hooks,
): Promise<Counted & { readonly cutCells: number }> {
  const snapshot = openMoment(options.db);
  try {
    streamsToExport(options, snapshot);
    const task = taskOf(options, stream, snapshot);
    const columns = task.columns.map(({ name, kind }) => ({ name, kind }));
    const total = countRows(snapshot, task);
    let [rows, bytes] = [0, 0];
    let isRead = true;
    const sink: ByteSink = async (piece) => {
      isRead &&= await orAborted(out(piece), hooks.signal);
      bytes += piece.length;
      hooks.onProgress(stream.name, { rows, total, bytes });
    };
    const outer = options.format.compressesItself ? "none" : options.compression;
    const compressor = createCompressor(outer, sink);
    const encoder = beginEncoder(options, columns, compressor.write);
    for (const batch of askRows(snapshot, task, null)) {
      await encoder.write(batch.rows);
      rows += batch.rows.length;
      if (!isRead) break;
      hooks.signal.throwIfAborted();
    }
    if (isRead) {
      await encoder.end();
      await compressor.end();
    }
    hooks.onDone(stream.name, { rows, total: rows, bytes });
    return { rows, total, bytes, cutCells: encoder.cutCells?.() ?? 0 };
  } catch (error) {
    throw hooks.signal.aborted && error === hooks.signal.reason ? stopped(error) : error;
  } finally {
    snapshot.close();
  }
}

/** Waits for a reader who may never read on, or for the signal, whose reason it then throws. */
async function orAborted<T>(waiting: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([waiting, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function manifestOf(
  options: ExportOptions,
  { at, clock, org }: FileMoment,
  streams: readonly ManifestStream[],
  sequence: number,
): Manifest {
  return {
    format_version: MANIFEST_VERSION,
    program: { name: "kustomer-sync", version: VERSION },
    moment: formatTime(at),
    sequence,
    database: { file: clock?.file ?? null, org },
    format: options.format.name,
    compression: options.compression,
    options: {
      partition_by: options.partitionBy,
      include_deleted: options.deletedRows === "always",
      live_only: options.deletedRows === "never",
      columns: options.columns,
      where: options.where,
      limit: options.limit,
      for_excel: options.forExcel,
    },
    streams,
  };
}

/** About how many bytes the whole export takes, judged by its part; null where that cannot be told. */
function roomFor(
  tasks: readonly Task[],
  snapshot: FileMoment,
  spent: { readonly rows: number; readonly bytes: number },
): number | null {
  if (spent.rows === 0) return null;
  const counts = tasks.map((task) => countRows(snapshot, task));
  if (counts.includes(null)) return null;
  return (spent.bytes / spent.rows) * counts.reduce((sum: number, count) => sum + count!, 0);
}

/** The moment's name, or where a clock was set back to it the next one that is free. */
function freeName(at: number, { series }: Target): string {
  const taken = new Set(series.map(({ folder }) => folder));
  let ms = at;
  while (taken.has(momentFolder(ms))) ms += 1;
  return momentFolder(ms);
}

export function bytesOf({ files }: ManifestStream): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

function stopped(reason: unknown): unknown {
  if (!(reason instanceof AppError)) return reason;
  const hint = "the same command again; nothing unfinished was left";
  return new AppError("interrupted", reason.message, { hint });
}
