/**
 * A disk that loses power before its n-th operation. What was not synced may be gone: bytes of a file that was never
 * brought to the disk, and names that were made, changed or removed in a folder that was not. They come to the disk in
 * any order, but for those that rest on each other.
 */
import { mkdirSync, renameSync, rmdirSync, rmSync, statSync, truncateSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Disk, disk } from "../../src/export/disk.ts";

/** A change of names that may not have come to the disk: these names, each in its folder. */
type Change = { readonly names: readonly string[]; readonly undo: () => void };

/** Whether one change cannot be on the disk without, or be taken back before, the other. */
function restsOn(one: Change, other: Change): boolean {
  return one.names.some((name) =>
    other.names.some((each) => name === each || name.startsWith(`${each}/`) || each.startsWith(`${name}/`)),
  );
}

export type Forgetful = {
  readonly disk: Disk;
  readonly operations: () => number;
  /** Takes back some of what was not synced. */
  readonly loseSome: (random: () => number) => void;
};

/** `grave` is a folder on the same disk, where removed files wait. */
export function forgetfulDisk(nth: number | null, grave: string, die: () => never): Forgetful {
  let operations = 0;
  let changes: Change[] = [];
  const unsynced = new Map<string, FileHandle>();
  const paths = new Map<FileHandle, string>();
  const open = new Set<FileHandle>();
  let buried = 0;
  const changed = (names: readonly string[], undo: () => void) => changes.push({ names, undo });

  const real: Disk = {
    async create(path) {
      const file = await disk.create(path);
      unsynced.set(path, file);
      paths.set(file, path);
      open.add(file);
      changed([path], () => rmSync(path));
      return file;
    },
    write: disk.write,
    async finish(file) {
      await disk.finish(file);
      unsynced.delete(paths.get(file)!);
      open.delete(file);
    },
    async move(root, from, to) {
      await disk.move(root, from, to);
      const [old, now] = [join(root, from), join(root, to)];
      changed([old, now], () => renameSync(now, old));
    },
    async removeFile(root, path) {
      const full = join(root, path);
      buried += 1;
      const name = join(grave, String(buried));
      renameSync(full, name);
      changed([full], () => renameSync(name, full));
    },
    setMode: disk.setMode,
    async removeEmpty(root, path) {
      await disk.removeEmpty(root, path);
      const full = join(root, path);
      changed([full], () => mkdirSync(full));
    },
    async makeFolder(path) {
      const missing: string[] = [];
      for (let at = path; statSync(at, { throwIfNoEntry: false }) === undefined; at = dirname(at))
        missing.unshift(at);
      await disk.makeFolder(path);
      for (const folder of missing) changed([folder], () => rmdirSync(folder));
    },
    async makeFolderIn(root, path) {
      const parts = path.split("/");
      for (let length = 1; length <= parts.length; length += 1) {
        const folder = parts.slice(0, length).join("/");
        const full = join(root, folder);
        if (statSync(full, { throwIfNoEntry: false }) !== undefined) continue;
        await disk.makeFolderIn(root, folder);
        changed([full], () => rmdirSync(full));
      }
    },
    async syncFolder(path) {
      await disk.syncFolder(path);
      const folder = path.replace(/\/\.$/, "");
      // From the last to the first: what a change on the disk rests on is there too.
      const durable = new Set<Change>();
      for (const change of changes.toReversed())
        if (
          change.names.some((name) => dirname(name) === folder) ||
          [...durable].some((later) => restsOn(later, change))
        )
          durable.add(change);
      changes = changes.filter((change) => !durable.has(change));
    },
  };

  const entries = Object.entries(real).map(([name, operation]) => [
    name,
    async (...args: unknown[]) => {
      operations += 1;
      if (nth !== null && operations >= nth) {
        for (const file of open) await file.close().catch(() => {});
        open.clear();
        die();
      }
      return await (operation as (...args: unknown[]) => unknown)(...args);
    },
  ]);
  return {
    disk: Object.fromEntries(entries) as Disk,
    operations: () => operations,
    loseSome(random) {
      for (const path of unsynced.keys()) {
        const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
        if (size > 0) truncateSync(path, Math.floor(random() * (size + 1)));
      }
      // Mostly many or few, so that all and none are among the cases.
      const share = random() < 0.3 ? Math.round(random()) : random();
      const lost: Change[] = [];
      for (const change of changes)
        if (random() < share || lost.some((earlier) => restsOn(change, earlier))) lost.push(change);
      for (const { undo } of lost.reverse()) undo();
    },
  };
}
