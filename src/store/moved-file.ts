/**
 * Notices that the open file is no longer the one at its path. What is written to a file that was removed or
 * replaced goes with it, and neither SQLite nor the system says so.
 */
import { constants, type Database } from "bun:sqlite";
import { AppError } from "../lib/errors.ts";

/** Throws `store-io` when the file was removed, moved or replaced since it was opened. */
export function checkPlace(db: Database, path: string): void {
  // Bun wants eight bytes where SQLite writes four. Where a file that is open cannot be removed (Windows)
  // SQLite does not know the question, and leaves the zero.
  const moved = new Int32Array(2);
  db.fileControl(constants.SQLITE_FCNTL_HAS_MOVED, moved);
  if (moved[0] === 0) return;
  throw new AppError("store-io", "the file was removed or replaced while it was in use", {
    at: path,
    hint: "run the command again, and leave the file in its place while it runs",
  });
}
