/**
 * The folder that an export goes to. Everything is built in a work folder there and gets its names when it is whole:
 * a series' next export as one folder, else file by file, the manifest last. What is refused has changed nothing, and
 * what was killed is undone by the next export that may write there.
 */
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { AppError } from "../lib/errors.ts";
import { type Keeper, NOTHING } from "../lib/keeper.ts";
import { createLease, type Held, judge, type Lease, type LeaseStore, type Pace } from "../lib/lease.ts";
import { fileLease } from "../lib/lease-file.ts";
import { FILE_MODE, permissions } from "../lib/modes.ts";
import { type Disk, writeWhole } from "./disk.ts";
import { isManifest, isSeriesFile, MANIFEST } from "./names.ts";
import { lookAtMark, type Owned } from "./owned.ts";
import { ELSEWHERE, foldersOf, inTheWay, lookAt, walk } from "./plain-path.ts";
import { checkRoom, LEASE, type Room, type RoomOptions, survey } from "./room.ts";
import type { Finished } from "./series.ts";
import { lookAtWork, NEW, OLD, removeEmptied, removeWork, undo, workName } from "./work-folder.ts";

export type Target = {
  /** Where to build the export. */
  readonly building: string;
  /** The finished exports that were here before. */
  readonly series: readonly Finished[];
  /** What stays though an earlier export had made it, in words. */
  readonly notes: readonly string[];
  /** Puts what was built and its manifest in their place: these paths, or all as the folder `into`. */
  readonly publish: (
    what: { readonly paths: readonly string[] } | { readonly into: string },
    manifest: string,
  ) => Promise<void>;
  /** Removes what was built, and undoes what was begun. */
  readonly abandon: () => Promise<void>;
  /** Why something that was there a moment ago is not; other errors come back as they were. */
  readonly explain: (error: unknown) => unknown;
};

export type TargetOptions = RoomOptions & {
  /** Take the folder from another export that holds it. */
  readonly takeOver: boolean;
  /** Told what takes a while. */
  readonly onNote: (note: string) => void;
  readonly pace?: Pace | undefined;
  readonly keeper?: Keeper | undefined;
};

/**
 * Makes a folder ready to be exported to, and holds it until it is published or abandoned; throws `usage` where another
 * export holds it, or where it is not empty and that was not allowed for.
 */
export async function openTarget(disk: Disk, folder: string, options: TargetOptions): Promise<Target> {
  if (existsSync(folder) && !statSync(folder).isDirectory()) {
    throw new AppError("usage", "this is not a folder", { at: folder, hint: ELSEWHERE });
  }
  const isNew = !existsSync(folder);
  const store = fileLease(folder, LEASE);
  const lease = createLease(
    store,
    { busy: (held) => busy(folder, held), lost: () => vanished(folder) },
    options,
  );
  const leave = async () => {
    lease.release();
    if (isNew) await disk.removeEmpty(folder, "").catch(() => {});
  };
  await refuseAtOnce(folder, store, options);
  const work = workName();
  try {
    await disk.makeFolder(folder);
    const { signal, takeOver, onNote } = options;
    await lease.acquire("export", { signal, takeOver, onWatch: onNote });
    const room = await makeRoom(disk, folder, options);
    const paths = [join(folder, work), lease.path()].flatMap((path) => (path === null ? [] : resolve(path)));
    options.keeper?.mayRemain({ paths, folders: isNew ? [resolve(folder)] : [] });
    await disk.makeFolderIn(folder, `${work}/${NEW}`);
    return target(disk, folder, work, { room, options, lease, leave });
  } catch (error) {
    await leave();
    throw error;
  }
}

type Opened = {
  readonly room: Room;
  readonly options: TargetOptions;
  readonly lease: Lease;
  readonly leave: () => Promise<void>;
};

function target(disk: Disk, folder: string, work: string, { room, options, lease, leave }: Opened): Target {
  const { series, owned } = room;
  /** What is left after all has its place; another export that took over may be at it too. */
  const tidy = async () => {
    await removeWork(disk, folder, work).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
    await removeEmptied(disk, folder, owned.marks.keys());
    lease.release();
  };
  return {
    building: join(folder, work, NEW),
    series,
    notes: owned.changed.map((path) => `${path} was changed since it was exported, and stays`),
    async publish(what, manifest) {
      // Where the manifest is all else is, also after a loss of power: whoever undoes this one rests on that.
      await syncFolders(disk, join(folder, work));
      await writeWhole(disk, join(folder, work, NEW, MANIFEST), manifest);
      for (const path of [`${work}/${NEW}`, work, "."]) await disk.syncFolder(join(folder, path));
      options.signal.throwIfAborted();
      lease.verify();
      // What is half in its place is undone by the next export, and not swept away.
      options.keeper?.mayRemain(NOTHING);
      if ("into" in what) {
        await disk.move(folder, `${work}/${NEW}`, what.into);
        await disk.syncFolder(folder);
        return await tidy();
      }
      // Looked at again: somebody may have put something there meanwhile.
      checkRoom(folder, room, options, work);
      const modes = await takeAway(disk, folder, work, owned);
      await place(disk, folder, work, what.paths, modes);
      await tidy();
    },
    async abandon() {
      try {
        // Not the signal that may be why: what was begun is undone.
        const leftover = await lookAtWork(folder, work, NEVER);
        if (leftover !== null) await undo(disk, folder, leftover);
      } finally {
        await leave();
      }
    },
    explain(error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") return error;
      try {
        lease.verify();
      } catch (lost) {
        return lost;
      }
      return vanished(folder);
    },
  };
}

const NEVER = new AbortController().signal;

/** Before anything is written there, where nothing of it may be replaced. */
async function refuseAtOnce(folder: string, store: LeaseStore, options: TargetOptions): Promise<void> {
  const held = store.look();
  if (held !== null && !options.takeOver && judge(held.holder) === "running") throw busy(folder, held);
  if (options.overwrite) return;
  try {
    checkRoom(folder, await survey(folder, options), options);
  } catch (error) {
    // Whoever writes there just now may move what is looked at.
    if (error instanceof AppError || held === null) throw error;
  }
}

/** Undoes what was left by exports that were killed, or that lost the folder; then it is as an export may find it. */
async function makeRoom(disk: Disk, folder: string, options: TargetOptions): Promise<Room> {
  for (let turn = 1; ; turn += 1) {
    const room = await survey(folder, options);
    checkRoom(folder, room, options);
    if (room.leftovers.length === 0) return room;
    try {
      for (const { name } of room.leftovers) {
        // Under another name, so that an export that lost the folder and does not know it yet finds nothing to move.
        const ours = workName();
        await disk.move(folder, name, ours);
        const leftover = await lookAtWork(folder, ours, options.signal);
        if (leftover !== null) await undo(disk, folder, leftover);
      }
    } catch (error) {
      // Such an export came to its end meanwhile.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || turn === MOST_TURNS) throw error;
    }
  }
}

const MOST_TURNS = 5;

/**
 * Moves what is to be replaced into the work folder, manifests first: what follows looks like no finished export. Returns
 * the permissions that it had, by its path.
 */
async function takeAway(
  disk: Disk,
  folder: string,
  work: string,
  { marks }: Owned,
): Promise<ReadonlyMap<string, number>> {
  const modes = new Map<string, number>();
  const paths = [...marks.keys()];
  const [manifests, files] = [paths.filter((path) => !isRows(path)), paths.filter(isRows)];
  for (const some of [manifests, files]) {
    const folders = new Set<string>();
    for (const path of some) {
      const to = `${work}/${OLD}/${path}`;
      await disk.makeFolderIn(folder, dirname(to));
      await disk.move(folder, path, to);
      for (const each of [path, to]) folders.add(dirname(each));
      modes.set(path, permissions(lookAt(folder, to)?.mode ?? FILE_MODE));
      if (lookAtMark(folder, to) === marks.get(path)) continue;
      // It is what was moved that counts, not what was looked at before.
      await disk.move(folder, to, path);
      throw inTheWay(folder, path, "was changed meanwhile");
    }
    for (const each of folders) await disk.syncFolder(join(folder, each));
  }
  return modes;
}

/** Moves what was built to its place, the manifest last. */
async function place(
  disk: Disk,
  folder: string,
  work: string,
  paths: readonly string[],
  modes: ReadonlyMap<string, number>,
): Promise<void> {
  const folders = new Set(["."]);
  for (const path of [...paths, MANIFEST]) {
    const mode = modes.get(path);
    if (mode !== undefined && mode !== FILE_MODE) await disk.setMode(folder, `${work}/${NEW}/${path}`, mode);
  }
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

function busy(folder: string, { holder: { command, pid, host, started_at } }: Held): AppError {
  const who = `another ${command} (process ${pid} on ${host}, since ${started_at})`;
  return new AppError("usage", `${who} is writing here`, {
    at: folder,
    hint: "wait for it; --take-over takes the folder from it; or give another one with --out",
  });
}

function vanished(folder: string): AppError {
  return new AppError("store-io", "something of this export was removed while it was being made", {
    at: folder,
    hint: "the same command again; nothing of it was left there",
  });
}

function isRows(path: string): boolean {
  return isSeriesFile(path) && !isManifest(path);
}
