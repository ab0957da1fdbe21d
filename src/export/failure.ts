/** What the file system's errors mean to somebody who exports. */
import { existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { formatBytes } from "../lib/bytes.ts";
import { AppError } from "../lib/errors.ts";

const FULL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);
const DENIED: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS"]);

/**
 * The AppError for a failure in a folder; what is none of the file system's comes back as it was. `needed` tells how many
 * bytes the whole takes, null where nobody knows; it is asked for a full disk alone, because it counts all rows.
 */
export function folderFailure(folder: string, error: unknown, needed: () => number | null): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  const { code = "", syscall } = error as NodeJS.ErrnoException;
  const details = { at: folder, cause: error };
  if (FULL.has(code)) {
    const bytes = needed();
    const room = bytes === null ? "make room" : `make room for about ${formatBytes(bytes)}${free(folder)}`;
    return new AppError("disk-full", "the disk is full; nothing of this export was left there", {
      ...details,
      hint: `${room} and run the command again, or give another folder with --out`,
    });
  }
  if (DENIED.has(code)) {
    const hint = "check the permissions of the folder, or give another one with --out";
    return new AppError("store-io", "there is no permission to write to the folder", { ...details, hint });
  }
  if (syscall === undefined || code === "") return error;
  return new AppError("store-io", `the folder cannot be written to (${error.message})`, {
    ...details,
    hint: "check the disk and the folder, or give another one with --out",
  });
}

/** In words, how much room there is where the folder is or would be. */
function free(folder: string): string {
  try {
    const { bavail, bsize } = statfsSync(existsSync(folder) ? folder : dirname(folder));
    return ` (${formatBytes(bavail * bsize)} are free)`;
  } catch {
    return "";
  }
}
