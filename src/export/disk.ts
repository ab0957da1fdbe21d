/**
 * What an export does to a disk, operation by operation: the only door to the file system here, so that a test can
 * end the process before any one of them. Nothing is taken to be on the disk before it was synced. What has a final
 * name is reached from the folder of the export, and never through a link: each operation looks at the way itself.
 */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { FILE_MODE, FOLDER_MODE } from "../lib/modes.ts";
import { checkWay, foldersOf, inTheWay, lookAt } from "./plain-path.ts";

export type Disk = {
  /** Makes a file; one that is there already is an error. */
  readonly create: (path: string) => Promise<FileHandle>;
  readonly write: (file: FileHandle, bytes: Uint8Array) => Promise<void>;
  /** Brings a file to the disk and closes it. */
  readonly finish: (file: FileHandle) => Promise<void>;
  /** Gives a file or folder below `root` another name there, under which nothing may be. */
  readonly move: (root: string, from: string, to: string) => Promise<void>;
  /** Removes a file below `root`. */
  readonly removeFile: (root: string, path: string) => Promise<void>;
  /** Gives a file below `root` these permissions. */
  readonly setMode: (root: string, path: string, mode: number) => Promise<void>;
  /** Removes a folder below `root` when it is empty; throws when it is not. */
  readonly removeEmpty: (root: string, path: string) => Promise<void>;
  /** Makes a folder and those above it. */
  readonly makeFolder: (path: string) => Promise<void>;
  /** Makes a folder below `root` where there is none, and those on the way. */
  readonly makeFolderIn: (root: string, path: string) => Promise<void>;
  /** Brings the names in a folder to the disk. */
  readonly syncFolder: (path: string) => Promise<void>;
};

// Looking and doing are one step, in which nothing else of this process runs.
export const disk: Disk = {
  create: (path) => open(path, "wx", FILE_MODE),
  async write(file, bytes) {
    for (let done = 0; done < bytes.length; ) {
      done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
    }
  },
  async finish(file) {
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  },
  async move(root, from, to) {
    checkWay(root, from);
    checkWay(root, to);
    if (lookAt(root, to) !== null) throw inTheWay(root, to, "is in the way");
    renameSync(join(root, from), join(root, to));
  },
  async removeFile(root, path) {
    checkWay(root, path);
    unlinkSync(join(root, path));
  },
  async setMode(root, path, mode) {
    checkWay(root, path);
    chmodSync(join(root, path), mode);
  },
  async removeEmpty(root, path) {
    checkWay(root, path);
    rmdirSync(join(root, path));
  },
  makeFolder: async (path) => void (await mkdir(path, { recursive: true, mode: FOLDER_MODE })),
  async makeFolderIn(root, path) {
    for (const folder of [...foldersOf(path), path]) {
      const full = join(root, folder);
      if (lstatSync(full, { throwIfNoEntry: false }) === undefined) mkdirSync(full, FOLDER_MODE);
      checkWay(root, `${folder}/.`);
    }
  },
  async syncFolder(path) {
    // Windows has no such thing.
    if (process.platform === "win32") return;
    const folder = openSync(path, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  },
};

/** Writes a small file and brings it to the disk. */
export async function writeWhole(disk: Disk, path: string, text: string): Promise<void> {
  const file = await disk.create(path);
  try {
    await disk.write(file, new TextEncoder().encode(text));
  } catch (error) {
    await file.close();
    throw error;
  }
  await disk.finish(file);
}
