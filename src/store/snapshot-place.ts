/**
 * Where a copy of the file goes. It is written under a name that only it has, a part, and takes its final one
 * when it is whole; what would harm it there, or what it would harm, is refused before anything is written. One copy
 * at a time goes to a place: who holds it removes the parts that others left.
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { AppError } from "../lib/errors.ts";
import type { Keeper } from "../lib/keeper.ts";
import { createLease, type Held, type Lease, type Pace } from "../lib/lease.ts";
import { fileLease } from "../lib/lease-file.ts";
import { FILE_MODE, permissions } from "../lib/modes.ts";
import { sqliteFailure } from "./sqlite-failure.ts";

/** What SQLite puts beside a file, and takes for its own whoever left it there. */
const BESIDE = ["-wal", "-shm", "-journal"];

/** Throws `usage` or `store-*` where no copy of `source` may or can be put. */
export function checkTarget(source: string, target: string, overwrite: boolean): void {
  try {
    checkFolder(target);
    checkName(source, target, overwrite);
  } catch (error) {
    throw targetFailure(target, error);
  }
}

function checkFolder(target: string): void {
  const folder = dirname(resolve(target));
  if (isFolder(folder)) return;
  const exists = existsSync(folder);
  throw new AppError("store-io", `${folder} ${exists ? "is not a folder" : "does not exist"}`, {
    at: target,
    hint: exists ? ANOTHER : `mkdir -p ${folder}`,
  });
}

function checkName(source: string, target: string, overwrite: boolean): void {
  if (/[/\\]$/.test(target) || isFolder(target)) {
    throw new AppError("usage", "this is a folder", { at: target, hint: join(target, "snapshot.db") });
  }
  if (isPartOf(realpathSync(source), target)) {
    throw new AppError("usage", "this is the file itself, or belongs to it", { at: target, hint: ANOTHER });
  }
  const there = lstatSync(target, { throwIfNoEntry: false });
  if (there !== undefined && !there.isFile() && !there.isSymbolicLink()) {
    throw new AppError("usage", "there is something that is not a file", { at: target, hint: ANOTHER });
  }
  if (there !== undefined && !overwrite) throw taken(target);
  // A journal that another file left would be played into the copy.
  const stray = BESIDE.map((suffix) => target + suffix).find((path) => existsSync(path));
  if (stray === undefined) return;
  throw new AppError("store-busy", `${stray} is there: a program has the old file open, or was killed`, {
    at: target,
    hint: `close that program, or remove the old file with what is beside it; or ${ANOTHER}`,
  });
}

/** Holds a place that a copy goes to; throws `store-busy` where another copy goes there. */
export function leaseOf(
  target: string,
  options: { readonly pace?: Pace | undefined; readonly keeper?: Keeper | undefined },
): Lease {
  const full = resolve(target);
  const store = fileLease(dirname(full), { stem: `${basename(full)}.`, end: ".snapshot-lease" });
  const busy = ({ holder: { command, pid, host, started_at } }: Held) =>
    new AppError(
      "store-busy",
      `another ${command} (process ${pid} on ${host}, since ${started_at}) is writing there`,
      { at: target, hint: `wait for it, or ${ANOTHER}` },
    );
  const lost = () =>
    new AppError("store-busy", "the lease on it was taken away while it was being made", {
      at: target,
      hint: "the same command again; no half copy was left",
    });
  return createLease(store, { busy, lost }, options);
}

/** Makes the empty part of a target, which its owner alone may read, or those who may read the file it replaces. */
export function createPart(target: string): string {
  const token = crypto.randomUUID().slice(0, 8);
  const part = `${target}.${token}.snapshot-part`;
  try {
    const replaced = lstatSync(target, { throwIfNoEntry: false });
    closeSync(openSync(part, "wx", FILE_MODE));
    if (replaced?.isFile()) chmodSync(part, permissions(replaced.mode));
  } catch (error) {
    throw targetFailure(target, error);
  }
  return part;
}

/** Removes the parts that others left at a target; to be called by who holds it. */
export function removeParts(target: string): void {
  const folder = dirname(resolve(target));
  const begin = `${basename(target)}.`;
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(begin) || !PART.test(name.slice(begin.length))) continue;
    const path = join(folder, name);
    if (lstatSync(path, { throwIfNoEntry: false })?.isFile()) rmSync(path, { force: true });
  }
}

const PART = /^[0-9a-f]{8}\.snapshot-part(-journal)?$/;

export function removePart(part: string): void {
  for (const path of [part, `${part}-journal`]) rmSync(path, { force: true });
}

/** Gives a part that is whole its final name, on the disk too. */
export function placePart(part: string, target: string, overwrite: boolean): void {
  syncToDisk(part, "r+");
  if (overwrite || !link(part, target)) renameSync(part, target);
  else rmSync(part);
  try {
    syncToDisk(dirname(resolve(target)), "r");
  } catch {
    // Windows has no such thing, and some network file systems refuse it: the file itself is on the disk.
  }
}

/** What an error of writing to a target means; AppErrors come back as they were. */
export function targetFailure(target: string, error: unknown): unknown {
  const failure = sqliteFailure(target, error);
  if (failure === error || !(failure instanceof AppError) || failure.code !== "store-io") return failure;
  const message = failure.message.replace("to use the file", "to write there");
  return new AppError("store-io", message, {
    at: target,
    hint: `check the folder, its permissions and its disk, or ${ANOTHER}`,
    cause: error,
  });
}

/** Unlike renaming, linking does not replace a file that came meanwhile. False where it is not known. */
function link(part: string, target: string): boolean {
  try {
    linkSync(part, target);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST" && !existsSync(target)) return false;
    throw taken(target);
  }
}

const ANOTHER = "give another PATH";

function taken(target: string): AppError {
  const hint = `add --overwrite to replace it, or ${ANOTHER}`;
  return new AppError("usage", "there is already a file, which was left as it is", { at: target, hint });
}

/** True for the file itself, by whatever name, and for what SQLite keeps beside it. */
function isPartOf(source: string, target: string): boolean {
  const path = join(realpathSync(dirname(resolve(target))), basename(target));
  if ([source, ...BESIDE.map((suffix) => source + suffix)].includes(path)) return true;
  const ours = statSync(source, { bigint: true });
  const there = statSync(target, { bigint: true, throwIfNoEntry: false });
  return there !== undefined && there.ino === ours.ino && there.dev === ours.dev;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function syncToDisk(path: string, flags: string): void {
  const file = openSync(path, flags);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
