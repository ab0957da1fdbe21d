/**
 * Why something failed that never should: where the file is damaged it is that, and no bug, however little SQLite itself
 * noticed.
 */
import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { AppError } from "../lib/errors.ts";
import { askPragma } from "./pragmas.ts";
import { damagedFile } from "./sqlite-failure.ts";

/** The AppError of a damaged file, where a file is; null where it is sound, or is none. */
export function failureOfDamage(path: string, error: unknown): AppError | null {
  const fault = faultOf(path);
  if (fault === null) return null;
  const message = error instanceof Error ? error.message : String(error);
  return damagedFile(path, `${fault}; hence: ${message}`, error);
}

/** The first fault of those that SQLite's check tells, a line each, beneath a headline of theirs. */
export function firstFault(told: string): string {
  return told.split("\n").find((line) => !line.startsWith("***")) ?? told;
}

/** What SQLite's own check says first against a file; null when it says nothing. */
function faultOf(path: string): string | null {
  if (!existsSync(path)) return null;
  let db: Database | null = null;
  try {
    db = new Database(resolve(path), { readwrite: true, create: false });
    const told = askPragma(db, "integrity_check(1)");
    return told === "ok" ? null : firstFault(told);
  } catch (error) {
    const code = String((error as { code?: unknown }).code ?? "");
    return /^SQLITE_(CORRUPT|NOTADB)/.test(code) ? (error as Error).message : null;
  } finally {
    db?.close();
  }
}
