/** What SQLite's errors mean to a user: the one place that reads its error codes. */
import { SQLiteError } from "bun:sqlite";
import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import { AppError } from "../lib/errors.ts";

/** Runs something on the file; an error of SQLite or of the file system comes out as an AppError. */
export function onFile<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw sqliteFailure(path, error);
  }
}

/** True for the error of a file that another connection keeps locked. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED)/.test(String((error as { code?: unknown } | null)?.code ?? ""));
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
  if (isBusy(error)) {
    const hint = "close the program that writes to it, then run the command again";
    return new AppError("store-busy", "another program keeps the file locked", { ...details, hint });
  }
  if (
    code.startsWith("SQLITE_READONLY") ||
    code.startsWith("SQLITE_CANTOPEN") ||
    Object.hasOwn(DENIALS, code)
  ) {
    const denial = DENIALS[code] ?? denialOf(path);
    if (denial !== null || code.startsWith("SQLITE_READONLY")) {
      const hint = "check the permissions of the file and its folder, or give another one with --db";
      return new AppError("store-io", denial ?? "the file cannot be written", { ...details, hint });
    }
  }
  if (isDamage(code, error)) return damagedFile(path, error.message, error);
  if (isChanged(code, error.message)) {
    const hint = "undo it, or restore a copy, or sync into a new file with --db";
    const message = `the tables are not as this program made them: was the file changed by hand? (${error.message})`;
    return new AppError("store-foreign", message, { ...details, hint });
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

/** What a damaged file shows and SQLite does not notice: a row that an index has and its table lacks, and the like. */
export class Damage extends Error {}

/** The AppError for a file whose bytes are not what SQLite wrote. */
export function damagedFile(path: string, why: string, cause: unknown): AppError {
  return new AppError("store-io", `the file is damaged (${why})`, {
    at: path,
    cause,
    hint: "restore a copy, or sync into a new file with --db; `sqlite3 FILE .recover` may save the rows",
  });
}

function isDamage(code: string, error: Error): boolean {
  if (error instanceof Damage || /^SQLITE_(CORRUPT|NOTADB)/.test(code)) return true;
  return code === "SQLITE_ERROR" && error.message === "unsupported file format";
}

const DENIALS: Readonly<Record<string, string>> = {
  EACCES: "there is no permission to use the file",
  EPERM: "there is no permission to use the file",
  EROFS: "it is on a file system that is read-only",
};

/** Why a file, or its folder, may not be written, of which SQLite says only that it failed; null when they may. */
function denialOf(path: string): string | null {
  for (const [name, place] of [
    ["its folder", dirname(path)],
    ["the file", path],
  ] as const) {
    try {
      if (existsSync(place)) accessSync(place, constants.W_OK);
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      return code === "EACCES" ? `there is no permission to write to ${name}` : (DENIALS[code] ?? null);
    }
  }
  return null;
}

/**
 * A table or column of ours that is not there any more, or a trigger, a constraint or an index of somebody
 * else's. A value of the wrong type is none of these, but a bug.
 */
function isChanged(code: string, message: string): boolean {
  if (code === "SQLITE_ERROR")
    return /^no such (table|column)|has no column named|^malformed JSON/.test(message);
  return code.startsWith("SQLITE_CONSTRAINT") && code !== "SQLITE_CONSTRAINT_DATATYPE";
}
