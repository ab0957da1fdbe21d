/**
 * A copy of the file as it was at one moment, made while a sync may be writing it. The copy is one file that
 * needs nothing beside it, and has its final name only when it is whole and was checked.
 */
import { Database } from "bun:sqlite";
import { statfsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { formatBytes } from "../lib/bytes.ts";
import { AppError } from "../lib/errors.ts";
import { sumFile } from "../lib/file-sum.ts";
import { type Keeper, NOTHING } from "../lib/keeper.ts";
import type { Lease, Pace } from "../lib/lease.ts";
import { formatTime } from "../lib/time.ts";
import { STREAMS } from "../streams/index.ts";
import { checkMarks } from "./file-header.ts";
import { checkLongRead } from "./lock.ts";
import { openFile } from "./open.ts";
import { askPragma, setPragma } from "./pragmas.ts";
import {
  checkTarget,
  createPart,
  leaseOf,
  placePart,
  removePart,
  removeParts,
  targetFailure,
} from "./snapshot-place.ts";
import { firstFault } from "./soundness.ts";
import { onFile, sqliteFailure } from "./sqlite-failure.ts";
import { type StreamStatus, streamStatus } from "./status.ts";

export type SnapshotStream = Omit<StreamStatus, "last_run">;

export type Snapshot = {
  readonly bytes: number;
  /** Of the whole file, in hexadecimal digits. */
  readonly sha256: string;
  /** Everything that was committed before this instant (canonical text) is in the copy. */
  readonly moment: string;
  readonly streams: readonly SnapshotStream[];
};

export type SnapshotOptions = {
  /** Replace what has the name already. */
  readonly overwrite: boolean;
  readonly signal: AbortSignal;
  /** Runs the copying and the checking, each one call that takes long. */
  readonly around?: <T>(action: () => T) => T;
  /** Called when the copying begins, with the most bytes that it can need. */
  readonly begin?: (bytes: number) => void;
  /** Told when it is to be seen first whether another copy still goes there. */
  readonly onWatch?: (words: string) => void;
  /** How often it shows that it lives; default: as every lease. */
  readonly pace?: Pace;
  readonly keeper?: Keeper;
};

/**
 * Copies a file. Throws `usage` when `target` is taken, or is the file itself; `store-*` and `disk-full`, and
 * then leaves nothing behind. A process that is killed leaves a part, which the next copy to there removes.
 */
export async function takeSnapshot(
  source: string,
  target: string,
  options: SnapshotOptions,
): Promise<Snapshot> {
  const { db } = openFile(source, "read");
  const lease = leaseOf(target, options);
  const { around = (action) => action(), keeper } = options;
  try {
    checkTarget(source, target, options.overwrite);
    onFile(source, () => checkLongRead(db, source));
    await acquire(lease, target, options);
    checkTarget(source, target, options.overwrite);
    removeParts(target);
    const part = createPart(target);
    const paths = [part, `${part}-journal`, lease.path()].flatMap((path) =>
      path === null ? [] : resolve(path),
    );
    keeper?.mayRemain({ paths, folders: [] });
    const bytes = askPragma(db, "page_count") * askPragma(db, "page_size");
    try {
      options.signal.throwIfAborted();
      options.begin?.(bytes);
      const moment = formatTime(Date.now());
      around(() => copy(db, source, part));
      const streams = around(() => check(part, target));
      const sha256 = (await sumFile(part, options.signal)).sha256;
      const size = statSync(part).size;
      options.signal.throwIfAborted();
      lease.verify();
      keeper?.mayRemain(NOTHING);
      placePart(part, target, options.overwrite);
      return { bytes: size, sha256, moment, streams };
    } catch (error) {
      removePart(part);
      throw shortage(target, bytes, error);
    }
  } finally {
    lease.release();
    db.close();
  }
}

async function acquire(lease: Lease, target: string, { signal, onWatch }: SnapshotOptions): Promise<void> {
  try {
    await lease.acquire("snapshot", { signal, ...(onWatch === undefined ? {} : { onWatch }) });
  } catch (error) {
    throw targetFailure(target, error);
  }
}

function copy(db: Database, source: string, part: string): void {
  try {
    // A connection that may not write may not copy either.
    setPragma(db, "query_only", false);
    // It has a read transaction of its own, and takes a file that is there if it is empty.
    db.run("VACUUM INTO ?", [resolve(part)]);
  } catch (error) {
    const code = String((error as { code?: unknown }).code);
    throw /^SQLITE_(CORRUPT|NOTADB|BUSY|LOCKED)/.test(code) ? sqliteFailure(source, error) : error;
  }
}

/** Makes a fresh copy stand alone, proves that it is sound, and counts what is in it. */
function check(part: string, target: string): SnapshotStream[] {
  const db = new Database(resolve(part), { readwrite: true, create: false, strict: true });
  try {
    setPragma(db, "journal_mode", "DELETE");
    // The sync that runs meanwhile holds the file, and not its copy.
    db.run("DELETE FROM _sync_lock");
    const application = askPragma(db, "application_id");
    checkMarks(target, { application, version: askPragma(db, "user_version") });
    const fault = askPragma(db, "integrity_check");
    if (fault !== "ok") throw unsound(target, fault);
    return STREAMS.map((stream) => {
      const { last_run: _, ...status } = streamStatus(db, stream);
      return status;
    });
  } finally {
    db.close();
  }
}

function unsound(target: string, fault: string): AppError {
  return new AppError("store-io", `the copy came out damaged, and was not kept (${firstFault(fault)})`, {
    at: target,
    hint: "sqlite3 FILE 'PRAGMA integrity_check' tells whether the file is damaged too; else check the disk",
  });
}

/** The error of writing a copy, after it is removed; of a full disk it tells how much room is wanted. */
function shortage(target: string, bytes: number, error: unknown): unknown {
  const failure = targetFailure(target, error);
  if (!(failure instanceof AppError) || failure.code !== "disk-full") return failure;
  const folder = dirname(resolve(target));
  const { bavail, bsize } = statfsSync(folder);
  const words = `the disk is full: the copy needs up to ${formatBytes(bytes)}, and ${formatBytes(bavail * bsize)} are free`;
  const hint = `make room in ${folder}, or give a PATH elsewhere; no half copy was left`;
  return new AppError("disk-full", words, { at: target, hint, cause: error });
}
