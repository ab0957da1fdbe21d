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
import { type FileSnapshot, openSnapshot } from "../store/read.ts";
import type { Stream } from "../streams/define.ts";
import { createCompressor } from "./compression.ts";
import { type Disk, disk as realDisk } from "./disk.ts";
import { folderFailure } from "./failure.ts";
import type { ByteSink } from "./format.ts";
import { MANIFEST_VERSION, type Manifest, type ManifestStream, manifestText } from "./manifest.ts";
import { momentFolder } from "./names.ts";
import { markOf, nextSequence } from "./series.ts";
import {
  beginEncoder,
  type Counted,
  countRows,
  type Shape,
  type Task,
  topName,
  type Watch,
  writeStream,
} from "./stream-files.ts";
import { openTarget, type Target } from "./target.ts";

export type ExportOptions = Shape & {
  readonly db: string;
  readonly streams: readonly Stream[];
  /** True for rows that are marked deleted too; with `since` they always come. */
  readonly includeDeleted: boolean;
  /** Only rows written at this instant (ms) or later; `last` for those since the newest export in the folder. */
  readonly since: number | "last" | null;
};

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
  const { out, overwrite, streams } = options;
  const snapshot = openSnapshot(options.db);
  let target: Target | null = null;
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
    for (const stream of streams) {
      const task = taskFor(options, stream, snapshot, target, hooks);
      const one = await writeStream(disk, target.building, snapshot, options, task, watch);
      [done.rows, done.bytes] = [spent.rows, spent.bytes];
      hooks.onDone(stream.name, { rows: one.rows, total: one.rows, bytes: bytesOf(one) });
      written.push(one);
    }
    const manifest = manifestOf(options, snapshot, written, nextSequence(target.series));
    const into = isFollowing ? freeName(snapshot.at, target) : null;
    const paths = written.flatMap(({ files }) => files.map(({ path }) => path));
    await target.publish(into === null ? { paths } : { into }, manifestText(manifest));
    return { moment: manifest.moment, out: into === null ? out : join(out, into), streams: written };
  } catch (error) {
    const why = target?.explain(error) ?? error;
    // What was there before is there now; an error over removing what was not finished would hide the first one.
    await target?.abandon().catch(() => {});
    if (hooks.signal.aborted && error === hooks.signal.reason) throw stopped(error);
    throw folderFailure(out, why, roomFor(options, snapshot, spent));
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
): Promise<Counted> {
  const snapshot = openSnapshot(options.db);
  try {
    const task = taskOf(options, stream);
    const columns = snapshot.columns(stream).map(({ name, kind }) => ({ name, kind }));
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
    const { includeDeleted, since: writtenAfter } = task;
    for (const batch of snapshot.rows(stream, { includeDeleted, writtenAfter, groupBy: null })) {
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
    return { rows, total, bytes };
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

/** The task where no earlier export counts. With `since` deletions come as what they are, changes. */
function taskOf({ includeDeleted, since }: ExportOptions, stream: Stream): Task {
  if (typeof since !== "number") return { stream, since: null, includeDeleted };
  // Instants are whole milliseconds: at this one or later is after the one before it.
  return { stream, since: since - 1, includeDeleted: true };
}

/** What of a stream is wanted. What follows another export brings deletions too, even where all rows come again. */
function taskFor(
  options: ExportOptions,
  stream: Stream,
  { clock }: FileSnapshot,
  { series }: Target,
  { onNote }: Hooks,
): Task {
  if (options.since !== "last" || series.length === 0) return taskOf(options, stream);
  const { after, why } = markOf(series, { stream: stream.name, format: options.format.name, clock });
  if (why !== null) onNote(`${stream.name}: everything is exported: ${why}`);
  return { stream, since: after, includeDeleted: true };
}

function manifestOf(
  { format, compression, partitionBy, includeDeleted, forExcel }: ExportOptions,
  { at, clock, org }: FileSnapshot,
  streams: readonly ManifestStream[],
  sequence: number,
): Manifest {
  return {
    format_version: MANIFEST_VERSION,
    program: { name: "kustomer-sync", version: VERSION },
    moment: formatTime(at),
    sequence,
    database: { file: clock?.file ?? null, org },
    format: format.name,
    compression,
    options: { partition_by: partitionBy, include_deleted: includeDeleted, for_excel: forExcel },
    streams,
  };
}

/** About how many bytes the whole export takes, judged by its part; null where that cannot be told. */
function roomFor(
  options: FolderOptions,
  snapshot: FileSnapshot,
  spent: { readonly rows: number; readonly bytes: number },
): number | null {
  if (options.since !== null || spent.rows === 0) return null;
  const counts = options.streams.map((stream) => countRows(snapshot, taskOf(options, stream)) ?? 0);
  const total = counts.reduce((sum, count) => sum + count, 0);
  return (spent.bytes / spent.rows) * total;
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
