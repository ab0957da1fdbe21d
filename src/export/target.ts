/**
 * The folder that an export goes to. Everything is built in a work folder there and gets its names when it is whole:
 * a series' next export as one folder, else file by file, the manifest last. What is refused has changed nothing, and
 * what was killed is undone by the next export that may write there.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { AppError } from "../lib/errors.ts";
import { isRunning } from "../lib/process.ts";
import type { Disk } from "./disk.ts";
import { isManifest, isSeriesFile, isSeriesFolder, MANIFEST } from "./names.ts";
import { findOwned, lookAtMark, type Owned } from "./owned.ts";
import { ELSEWHERE, foldersOf, inTheWay, lookAt, walk } from "./plain-path.ts";
import { type Finished, readSeries } from "./series.ts";
import { type Leftover, lookAtWork, NEW, OLD, removeEmptied, removeWork, undo } from "./work-folder.ts";

export type Target = {
  /** Where to build the export. */
  readonly building: string;
  /** The finished exports that were here before. */
  readonly series: readonly Finished[];
  /** What stays though an earlier export had made it, in words. */
  readonly notes: readonly string[];
  /** Puts what was built, the manifest with it, in its place: these paths, or all as the folder `into`. */
  readonly publish: (
    what: { readonly paths: readonly string[] } | { readonly into: string },
  ) => Promise<void>;
  /** Removes what was built, and undoes what was begun. */
  readonly abandon: () => Promise<void>;
};

/** What the work folder of a process is called. */
const WORK = /^\.kustomer-sync-export-(\d+)$/;

export type TargetOptions = {
  readonly overwrite: boolean;
  readonly sinceLast: boolean;
  /** The names at the top of the folder that the export will make. */
  readonly names: readonly string[];
  readonly signal: AbortSignal;
};

/** Makes a folder ready to be exported to; throws `usage` where it is not empty and that was not allowed for. */
export async function openTarget(disk: Disk, folder: string, options: TargetOptions): Promise<Target> {
  if (existsSync(folder) && !statSync(folder).isDirectory()) {
    throw new AppError("usage", "this is not a folder", { at: folder, hint: ELSEWHERE });
  }
  const isNew = !existsSync(folder);
  let room = await survey(folder, options);
  checkRoom(folder, room, options);
  if (room.leftovers.length > 0) {
    for (const leftover of room.leftovers) await undo(disk, folder, leftover);
    room = await survey(folder, options);
    checkRoom(folder, room, options);
  }
  const work = `.kustomer-sync-export-${process.pid}`;
  await disk.makeFolder(folder);
  await disk.makeFolderIn(folder, `${work}/${NEW}`);
  const { series, owned } = room;
  return {
    building: join(folder, work, NEW),
    series,
    notes: owned.changed.map((path) => `${path} was changed since it was exported, and stays`),
    async publish(what) {
      if ("into" in what) {
        await syncFolders(disk, join(folder, work));
        await disk.move(folder, `${work}/${NEW}`, what.into);
        await disk.syncFolder(folder);
        await removeWork(disk, folder, work);
        return;
      }
      // Whoever undoes this one needs its manifest.
      for (const path of [`${work}/${NEW}`, work, "."]) await disk.syncFolder(join(folder, path));
      // Looked at again: somebody may have put something there meanwhile.
      checkRoom(folder, room, options, work);
      await takeAway(disk, folder, work, room.owned);
      await place(disk, folder, work, what.paths);
      await removeWork(disk, folder, work);
      await removeEmptied(disk, folder, owned.marks.keys());
    },
    async abandon() {
      // Not the signal that may be why: what was begun is undone.
      const leftover = await lookAtWork(folder, work, NEVER);
      if (leftover !== null) await undo(disk, folder, leftover);
      if (isNew) await disk.removeEmpty(folder, "").catch(() => {});
    },
  };
}

const NEVER = new AbortController().signal;

/** What is in a folder, as far as it matters here. */
type Room = {
  readonly leftovers: readonly Leftover[];
  /** The finished exports, and those that will be so again when what was begun is undone. */
  readonly series: readonly Finished[];
  /** What may be replaced; nothing where nothing is to be. */
  readonly owned: Owned;
};

async function survey(folder: string, { overwrite, signal }: TargetOptions): Promise<Room> {
  const leftovers: Leftover[] = [];
  for (const name of list(folder).filter((name) => WORK.test(name))) {
    const leftover = await lookAtWork(folder, name, signal);
    if (leftover === null) continue;
    const pid = Number(WORK.exec(name)?.[1]);
    if (pid !== process.pid && isRunning(pid)) throw atWork(folder, name, pid);
    leftovers.push(leftover);
  }
  const series = [...readSeries(folder), ...leftovers.flatMap(({ series }) => series)];
  const owned = overwrite ? await findOwned(folder, series, signal) : { marks: new Map(), changed: [] };
  return { leftovers, series, owned };
}

/** Throws unless the export may go there; what it would replace has to be ours. */
function checkRoom(
  folder: string,
  { leftovers, series, owned }: Room,
  options: TargetOptions,
  own: string | null = null,
): void {
  const { overwrite, sinceLast, names } = options;
  const works = new Set([own, ...leftovers.map(({ name }) => name)]);
  const placed = new Set(leftovers.flatMap(({ placed }) => placed));
  const held = leftovers.flatMap(({ held }) => held);
  const present = list(folder).filter((name) => !works.has(name));
  const isEmpty = present.every((name) => contents(folder, name).every((path) => placed.has(path)));
  if (isEmpty && held.length === 0) return;
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

/** Moves what is to be replaced into the work folder, manifests first: what follows looks like no finished export. */
async function takeAway(disk: Disk, folder: string, work: string, { marks }: Owned): Promise<void> {
  const paths = [...marks.keys()];
  const [manifests, files] = [paths.filter((path) => !isRows(path)), paths.filter(isRows)];
  for (const some of [manifests, files]) {
    const folders = new Set<string>();
    for (const path of some) {
      const to = `${work}/${OLD}/${path}`;
      await disk.makeFolderIn(folder, dirname(to));
      await disk.move(folder, path, to);
      for (const each of [path, to]) folders.add(dirname(each));
      if (lookAtMark(folder, to) === marks.get(path)) continue;
      // It is what was moved that counts, not what was looked at before.
      await disk.move(folder, to, path);
      throw inTheWay(folder, path, "was changed meanwhile");
    }
    for (const each of folders) await disk.syncFolder(join(folder, each));
  }
}

/** Moves what was built to its place, the manifest last. */
async function place(disk: Disk, folder: string, work: string, paths: readonly string[]): Promise<void> {
  const folders = new Set(["."]);
  for (const path of paths) {
    if (!isRows(path)) throw new Error(`an export made ${path}, and would not know it again`);
    if (dirname(path) !== ".") await disk.makeFolderIn(folder, dirname(path));
    await disk.move(folder, `${work}/${NEW}/${path}`, path);
    for (const above of foldersOf(path)) folders.add(above);
  }
  for (const each of folders) await disk.syncFolder(join(folder, each));
  await disk.move(folder, `${work}/${NEW}/${MANIFEST}`, MANIFEST);
  await disk.syncFolder(folder);
}

async function syncFolders(disk: Disk, root: string): Promise<void> {
  const folders = walk(root).filter(({ is }) => is === "folder");
  for (const { path } of folders) await disk.syncFolder(join(root, path));
  await disk.syncFolder(root);
}

function atWork(folder: string, name: string, pid: number): AppError {
  return new AppError("usage", `another export (process ${pid}) is writing here`, {
    at: folder,
    hint: `wait for it; if process ${pid} is no export, remove ${join(folder, name)}`,
  });
}

function isRows(path: string): boolean {
  return isSeriesFile(path) && !isManifest(path);
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
