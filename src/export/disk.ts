/**
 * What an export does to a disk, operation by operation: the only door to the file system here, so that a test can
 * end the process before any one of them. Nothing is taken to be on the disk before it was synced.
 */
import { closeSync, fsyncSync, openSync } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, rmdir, unlink } from "node:fs/promises";

export type Disk = {
  /** Makes a file; one that is there already is an error. */
  readonly create: (path: string) => Promise<FileHandle>;
  readonly write: (file: FileHandle, bytes: Uint8Array) => Promise<void>;
  /** Brings a file to the disk and closes it. */
  readonly finish: (file: FileHandle) => Promise<void>;
  /** Puts a file or folder where it belongs, in place of a file that is there. */
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly removeFile: (path: string) => Promise<void>;
  /** Removes a folder when it is empty; throws when it is not. */
  readonly removeEmpty: (path: string) => Promise<void>;
  /** Removes a folder of ours with all that is in it. */
  readonly removeFolder: (path: string) => Promise<void>;
  /** Makes a folder and those above it. */
  readonly makeFolder: (path: string) => Promise<void>;
  /** Brings the names in a folder to the disk. */
  readonly syncFolder: (path: string) => Promise<void>;
};

export const disk: Disk = {
  create: (path) => open(path, "wx"),
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
  rename,
  removeFile: unlink,
  removeEmpty: rmdir,
  removeFolder: (path) => rm(path, { recursive: true, force: true }),
  makeFolder: async (path) => void (await mkdir(path, { recursive: true })),
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
