/**
 * The folder that an export goes to. Everything is built in a temporary folder there and put in its place when it
 * is whole: for a series as one folder, else file by file and the manifest last, by a list that the next export
 * carries out to its end should this one be killed over it. Files that no manifest of ours lists are never touched.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { AppError } from "../lib/errors.ts";
import { isRunning } from "../lib/process.ts";
import { type Disk, writeWhole } from "./disk.ts";
import { MANIFEST, PATH } from "./manifest.ts";
import { type Finished, pathsOf, readSeries } from "./series.ts";

export type Target = {
  /** Where to build the export. */
  readonly building: string;
  /** The finished exports that were here before. */
  readonly series: readonly Finished[];
  /** Puts what was built, the manifest with it, in its place: these paths, or all as the folder `into`. */
  readonly publish: (
    what: { readonly paths: readonly string[] } | { readonly into: string },
  ) => Promise<void>;
  /** Removes what was built. */
  readonly abandon: () => Promise<void>;
};

/** What the temporary folder of a process is called. */
const BUILDING = /^\.kustomer-sync-export-(\d+)$/;
/** In it, once all is whole: what goes where. */
const MOVES = "moves.json";

const MOVES_SCHEMA = v.strictObject({ remove: v.array(PATH), add: v.array(PATH) });

export type TargetOptions = {
  readonly overwrite: boolean;
  readonly sinceLast: boolean;
  /** The names at the top of the folder that the export will make. */
  readonly names: readonly string[];
};

/** Makes a folder ready to be exported to; throws `usage` where it is not empty and that was not allowed for. */
export async function openTarget(disk: Disk, folder: string, options: TargetOptions): Promise<Target> {
  if (existsSync(folder) && !statSync(folder).isDirectory()) {
    throw new AppError("usage", "this is not a folder", { at: folder, hint: ELSEWHERE });
  }
  const isNew = !existsSync(folder);
  for (const name of list(folder)) if (BUILDING.test(name)) await settle(disk, folder, name);
  const series = readSeries(folder);
  checkRoom(folder, series, options);
  const building = join(folder, `.kustomer-sync-export-${process.pid}`);
  let isMoving = false;
  await disk.makeFolder(building);

  return {
    building,
    series,
    async publish(what) {
      await syncFolders(disk, building);
      if ("into" in what) {
        await disk.rename(building, join(folder, what.into));
        await disk.syncFolder(folder);
        return;
      }
      // Looked at again: somebody may have put something there meanwhile.
      checkRoom(folder, series, options);
      const moves = { remove: series.flatMap(pathsOf), add: [...what.paths, MANIFEST] };
      const draft = join(building, `${MOVES}.part`);
      await writeWhole(disk, draft, JSON.stringify(moves));
      await disk.rename(draft, join(building, MOVES));
      await disk.syncFolder(building);
      isMoving = true;
      await carryOut(disk, folder, building, moves);
    },
    async abandon() {
      // What is whole and half in its place is put there by the next export.
      if (isMoving) return;
      await disk.removeFolder(building);
      if (isNew) await disk.removeEmpty(folder).catch(() => {});
    },
  };
}

const ELSEWHERE = "give another folder with --out; it was left as it is";

/** Throws unless the export may go there; what it would replace has to be ours. */
function checkRoom(
  folder: string,
  series: readonly Finished[],
  { overwrite, sinceLast, names }: TargetOptions,
): void {
  const present = list(folder).filter((name) => !BUILDING.test(name));
  if (present.length === 0 || (sinceLast && series.length > 0)) return;
  if (!overwrite) {
    const hint =
      series.length === 0
        ? "give another folder with --out, or --overwrite to put the export beside what is there"
        : "--overwrite replaces the export that is there, --since-last adds what changed since; or give another folder with --out";
    throw new AppError("usage", "the folder is not empty", { at: folder, hint });
  }
  const ours = new Set(series.flatMap(pathsOf));
  for (const name of [...names, MANIFEST]) {
    const theirs = filesBelow(folder, name).find((path) => !ours.has(path));
    if (theirs === undefined) continue;
    throw new AppError("usage", `${theirs} is in the way, and is of no export that finished here`, {
      at: folder,
      hint: ELSEWHERE,
    });
  }
}

/** Ends what an export left that was killed: brings it to its end where all of it was there, else removes it. */
async function settle(disk: Disk, folder: string, name: string): Promise<void> {
  const building = join(folder, name);
  const pid = Number(BUILDING.exec(name)?.[1]);
  if (pid !== process.pid && isRunning(pid)) {
    throw new AppError("usage", `another export (process ${pid}) is writing here`, {
      at: folder,
      hint: `wait for it; if process ${pid} is no export, remove ${building}`,
    });
  }
  const moves = readMoves(building);
  if (moves === null) await disk.removeFolder(building);
  else await carryOut(disk, folder, building, moves);
}

type Moves = v.InferOutput<typeof MOVES_SCHEMA>;

function readMoves(building: string): Moves | null {
  try {
    return v.parse(MOVES_SCHEMA, JSON.parse(readFileSync(join(building, MOVES), "utf8")));
  } catch {
    // Not there, and so the export was not whole: this file has its name only when all others are.
    return null;
  }
}

/** Puts everything where it belongs. It may be begun again at any point, and ends the same. */
async function carryOut(disk: Disk, folder: string, building: string, { remove, add }: Moves): Promise<void> {
  if (existsSync(join(building, MANIFEST))) {
    // First, so that what follows looks like no finished export while it is not.
    for (const path of remove.filter(isManifest)) await removeAnyway(disk, join(folder, path));
    await disk.syncFolder(folder);
    for (const path of remove.filter((path) => !isManifest(path) && !add.includes(path))) {
      await removeAnyway(disk, join(folder, path));
    }
    const folders = new Set<string>();
    for (const path of add.filter((path) => path !== MANIFEST)) {
      if (!existsSync(join(building, path))) continue;
      await disk.makeFolder(dirname(join(folder, path)));
      await disk.rename(join(building, path), join(folder, path));
    }
    for (const path of add) for (const above of foldersOf(path)) folders.add(above);
    for (const path of folders) await disk.syncFolder(join(folder, path));
    await disk.rename(join(building, MANIFEST), join(folder, MANIFEST));
    await disk.syncFolder(folder);
  }
  const emptied = new Set(remove.flatMap(foldersOf));
  for (const path of [...emptied].sort((one, other) => other.length - one.length)) {
    await disk.removeEmpty(join(folder, path)).catch(() => {});
  }
  await disk.removeFolder(building);
}

function isManifest(path: string): boolean {
  return path === MANIFEST || path.endsWith(`/${MANIFEST}`);
}

/** The folders that a path lies in, `a` and `a/b` of `a/b/c`. */
function foldersOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

async function removeAnyway(disk: Disk, path: string): Promise<void> {
  try {
    await disk.removeFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

async function syncFolders(disk: Disk, folder: string): Promise<void> {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isDirectory()) await disk.syncFolder(join(entry.parentPath, entry.name));
  }
  await disk.syncFolder(folder);
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** The files of this name or below it, as paths from the folder; none where there is no such thing. */
function filesBelow(folder: string, name: string): string[] {
  const path = join(folder, name);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  if (!stats.isDirectory()) return [name];
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    );
}
