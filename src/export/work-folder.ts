/**
 * The folder in which an export is built, beside what it is to replace: `new` has what will get its name, `old` what
 * had it before. All that becomes visible or stops to be so is moved out of here or into here, so that what was begun
 * can be undone by whoever comes next: it believes no list of moves, but looks at what lies where, and touches only
 * files whose name, place and SHA-256 are those of an export of ours.
 */
import { dirname, join } from "node:path";
import type { Disk } from "./disk.ts";
import { type EarlierExport, readManifest } from "./manifest.ts";
import { isExportFile, isExportFolder, isManifest, isSeriesFile, isSeriesFolder, MANIFEST } from "./names.ts";
import { markOf } from "./owned.ts";
import { type Entry, foldersOf, inTheWay, lookAt, walk } from "./plain-path.ts";
import { type Finished, readSeries } from "./series.ts";

export const NEW = "new";
export const OLD = "old";

const WORK = /^\.kustomer-sync-export-[0-9a-f]{8}$/;

/** A name for a work folder that no other has. */
export function workName(): string {
  return `.kustomer-sync-export-${crypto.randomUUID().slice(0, 8)}`;
}

export function isWorkName(name: string): boolean {
  return WORK.test(name);
}

/** What an export that was killed left. */
export type Leftover = {
  readonly name: string;
  /** Files that it had put in their place already. */
  readonly placed: readonly string[];
  /** Files, manifests too, that it had taken from their place, and that go back. */
  readonly held: readonly string[];
  /** The finished exports whose manifests are among them. */
  readonly series: readonly Finished[];
};

/**
 * Looks at a folder with the name of a work folder. Null where it is none of ours: a link, another user's, or with
 * anything in it that no export makes.
 */
export async function lookAtWork(root: string, name: string, signal: AbortSignal): Promise<Leftover | null> {
  const stats = lookAt(root, name);
  if (stats?.isDirectory() !== true || !isOurs(stats.uid)) return null;
  const entries = walk(join(root, name));
  if (!entries.every(isOfOurMaking)) return null;
  // Without it, or with half of it, nothing was moved yet, or all was: it is written before anything is moved, and moved last.
  const manifest = newManifest(root, name);
  if (manifest === null) return { name, placed: [], held: [], series: [] };
  const held = entries.filter(({ path, is }) => is === "file" && path.startsWith(`${OLD}/`));
  return {
    name,
    // Whoever puts files in their place has taken all other manifests away before.
    placed: readSeries(root).length > 0 ? [] : await findPlaced(root, name, manifest, signal),
    held: held.map(({ path }) => path.slice(OLD.length + 1)),
    series: readSeries(join(root, name, OLD)),
  };
}

/** Undoes what an export had begun, and removes its work folder. Begun again at any point it ends the same. */
export async function undo(disk: Disk, root: string, { name, placed, held }: Leftover): Promise<void> {
  const folders = new Set<string>();
  for (const path of placed) {
    folders.add(dirname(path));
    await disk.move(root, path, `${name}/${NEW}/${path}`);
  }
  // What looks like a finished export is one: the manifests come last.
  const [manifests, files] = [held.filter(isManifest), held.filter((path) => !isManifest(path))];
  for (const paths of [files, manifests]) {
    for (const path of paths) {
      const folder = dirname(path);
      if (folder !== ".") await disk.makeFolderIn(root, folder);
      folders.add(folder);
      await disk.move(root, `${name}/${OLD}/${path}`, path);
    }
    for (const folder of folders) await disk.syncFolder(join(root, folder));
  }
  await removeWork(disk, root, name);
  await removeEmptied(disk, root, placed);
}

/** Removes the folders that files were in, and that hold nothing any more. */
export async function removeEmptied(disk: Disk, root: string, files: Iterable<string>): Promise<void> {
  const folders = new Set([...files].flatMap(foldersOf));
  for (const path of [...folders].toSorted((one, other) => other.length - one.length))
    await disk.removeEmpty(root, path).catch(() => {});
}

/** Removes a work folder that has nothing of its own in the folder any more; throws where not all of it is ours. */
export async function removeWork(disk: Disk, root: string, name: string): Promise<void> {
  const entries = walk(join(root, name));
  const foreign = entries.find((entry) => !isOfOurMaking(entry));
  if (foreign !== undefined) throw inTheWay(root, `${name}/${foreign.path}`, "is of no export");
  const files = entries.filter(({ is }) => is === "file").map(({ path }) => path);
  if (files.includes(`${NEW}/${MANIFEST}`)) {
    // First: while it is there, what is missing in `new` counts as placed.
    await disk.removeFile(root, `${name}/${NEW}/${MANIFEST}`);
    await disk.syncFolder(join(root, name, NEW));
  }
  for (const path of files.filter((path) => path !== `${NEW}/${MANIFEST}`))
    await disk.removeFile(root, `${name}/${path}`);
  const folders = entries.filter(({ is }) => is === "folder").map(({ path }) => `${name}/${path}`);
  for (const path of [name, ...folders].toSorted((one, other) => other.length - one.length))
    await disk.removeEmpty(root, path);
}

/** The files of a whole export that are in their place, and no longer where they were built. */
async function findPlaced(
  root: string,
  name: string,
  { streams }: EarlierExport,
  signal: AbortSignal,
): Promise<string[]> {
  const placed: string[] = [];
  for (const file of streams.flatMap(({ files }) => files)) {
    if (lookAt(root, `${name}/${NEW}/${file.path}`) !== null) continue;
    if ((await markOf(root, file, signal)) !== null) placed.push(file.path);
  }
  return placed;
}

function newManifest(root: string, name: string): EarlierExport | null {
  try {
    const found = readManifest(root, `${name}/${NEW}`);
    return found?.name === MANIFEST ? found.manifest : null;
  } catch {
    return null;
  }
}

function isOfOurMaking({ path, is }: Entry): boolean {
  const [first = "", ...rest] = path.split("/");
  const below = rest.join("/");
  if (first !== NEW && first !== OLD) return false;
  if (below === "") return is === "folder";
  if (is === "file") return first === NEW ? below === MANIFEST || isExportFile(below) : isSeriesFile(below);
  return is === "folder" && (first === NEW ? isExportFolder(below) : isSeriesFolder(below));
}

/** Where the system has no users, everybody's are ours. */
function isOurs(uid: number): boolean {
  return process.geteuid === undefined || process.geteuid() === uid;
}
