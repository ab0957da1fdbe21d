/** What SQLite's errors mean to a user: the one place that reads its error codes. */
import { SQLiteError } from "bun:sqlite";
import { AppError } from "../lib/errors.ts";

/** Runs something on the file; an error of SQLite or of the file system comes out as an AppError. */
export function onFile<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw sqliteFailure(path, error);
  }
}

/** The AppError for an error of SQLite; anything else comes back as it was. */
export function sqliteFailure(path: string, error: unknown): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  const code = String((error as { code?: unknown }).code ?? "");
  const details = { at: path, cause: error };
  if (code.startsWith("SQLITE_FULL") || code === "ENOSPC") {
    const hint = "make room and run sync again: what was committed is kept";
    return new AppError("disk-full", "the disk is full", { ...details, hint });
  }
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) {
    const hint = "close the program that writes to it, then run the command again";
    return new AppError("store-busy", "another program keeps the file locked", { ...details, hint });
  }
  const denied = code === "EACCES" || code === "EPERM" || code === "EROFS";
  if (code.startsWith("SQLITE_READONLY") || denied) {
    const hint = "check the permissions of the file and its folder, or give another one with --db";
    const message = denied ? "there is no permission to use the file" : "the file cannot be written";
    return new AppError("store-io", message, { ...details, hint });
  }
  if (code.startsWith("SQLITE_CORRUPT") || code.startsWith("SQLITE_NOTADB")) {
    const hint =
      "restore a copy, or sync into a new file with --db; `sqlite3 FILE .recover` may save the rows";
    return new AppError("store-io", `the file is damaged (${error.message})`, { ...details, hint });
  }
  if (
    code.startsWith("SQLITE_CANTOPEN") ||
    code.startsWith("SQLITE_IOERR") ||
    !(error instanceof SQLiteError)
  ) {
    if (code === "") return error;
    const hint = "check the disk and the folder, or give another file with --db";
    return new AppError("store-io", `the file cannot be used (${error.message})`, { ...details, hint });
  }
  return error;
}
