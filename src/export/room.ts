/**
 * Whether a folder has room for an export: it is empty, or holds exports of ours where one may follow or be replaced,
 * and nothing of somebody else's is in the way. Only looks.
 */
import { existsSync, readdirSync } from "node:fs";
import { AppError } from "../lib/errors.ts";
import { isLease } from "../lib/lease-file.ts";
import { isSeriesFolder, MANIFEST } from "./names.ts";
import { findOwned, type Owned } from "./owned.ts";
import { inTheWay, lookAt, walk } from "./plain-path.ts";
import { type Finished, readSeries } from "./series.ts";
import { isWorkName, type Leftover, lookAtWork } from "./work-folder.ts";

/** What a lease on a folder is called. */
export const LEASE = { stem: ".kustomer-sync-export-", end: ".lease" };

export type RoomOptions = {
  readonly overwrite: boolean;
  readonly sinceLast: boolean;
  /** The names at the top of the folder that the export will make. */
  readonly names: readonly string[];
  readonly signal: AbortSignal;
};

/** What is in a folder, as far as it matters here. */
export type Room = {
  readonly leftovers: readonly Leftover[];
  /** The finished exports, and those that will be so again when what was begun is undone. */
  readonly series: readonly Finished[];
  /** What may be replaced; nothing where nothing is to be. */
  readonly owned: Owned;
};

export async function survey(folder: string, { overwrite, signal }: RoomOptions): Promise<Room> {
  const leftovers: Leftover[] = [];
  for (const name of list(folder).filter(isWorkName)) {
    const leftover = await lookAtWork(folder, name, signal);
    if (leftover !== null) leftovers.push(leftover);
  }
  const series = [...readSeries(folder), ...leftovers.flatMap(({ series }) => series)];
  const owned = overwrite ? await findOwned(folder, series, signal) : { marks: new Map(), changed: [] };
  return { leftovers, series, owned };
}

/** Throws unless the export may go there; what it would replace has to be ours. */
export function checkRoom(
  folder: string,
  { leftovers, series, owned }: Room,
  options: RoomOptions,
  own: string | null = null,
): void {
  const { overwrite, sinceLast, names } = options;
  const works = new Set([own, ...leftovers.map(({ name }) => name)]);
  const placed = new Set(leftovers.flatMap(({ placed }) => placed));
  const held = leftovers.flatMap(({ held }) => held);
  const present = list(folder).filter((name) => !works.has(name) && !isLease(folder, name, LEASE));
  const isEmpty = present.every((name) => contents(folder, name).every((path) => placed.has(path)));
  if (isEmpty && held.length === 0) return;
  if (overwrite || (sinceLast && series.length > 0)) {
    const blocked = held.find((path) => !placed.has(path) && lookAt(folder, path) !== null);
    if (blocked !== undefined)
      throw inTheWay(folder, blocked, "is where a file of the export before it belongs");
  }
  if (sinceLast && series.length > 0) return;
  if (!overwrite) {
    const hint =
      series.length === 0
        ? "give another folder with --out, or --overwrite to put the export beside what is there"
        : "--overwrite replaces the export that is there, --since-last adds what changed since; or give another folder with --out";
    throw new AppError("usage", "the folder is not empty", { at: folder, hint });
  }
  for (const name of [...names, MANIFEST]) {
    const theirs = contents(folder, name).find((path) => !owned.marks.has(path) && !placed.has(path));
    if (theirs === undefined) continue;
    if (owned.changed.includes(theirs)) throw inTheWay(folder, theirs, "was changed since it was exported");
    throw inTheWay(folder, theirs, "is in the way, and is of no export that finished here");
  }
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** What is of this name or below it, by its path from the folder; of folders, those that no export makes. */
function contents(folder: string, name: string): string[] {
  const stats = lookAt(folder, name);
  if (stats === null) return [];
  if (!stats.isDirectory()) return [name];
  const below = walk(folder, name);
  return [{ path: name, is: "folder" as const }, ...below]
    .filter(({ path, is }) => is !== "folder" || !isSeriesFolder(path))
    .map(({ path }) => path);
}
