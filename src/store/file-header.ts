/**
 * Looks at a file before SQLite does, because SQLite, merely opening one, may write beside it or finish a
 * transaction in it. A file that is refused here has not been touched.
 */
import { closeSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { AppError } from "../lib/errors.ts";
import { LAYOUT_VERSION } from "./migrations.ts";
import { onFile } from "./sqlite-failure.ts";

/** "Kust" in ASCII: the `application_id` of our files. */
export const APPLICATION_ID = 0x4b757374;

const MAGIC = "SQLite format 3\0";

/**
 * Says whether there is nothing yet, a file without a byte in it (`empty`), or a file of ours; throws
 * `store-foreign`, `store-newer` or `store-io` for everything else.
 */
export function inspectFile(path: string): "absent" | "empty" | "ours" {
  checkFolder(path);
  const stats = onFile(path, () => statSync(path, { throwIfNoEntry: false }));
  if (stats === undefined) return "absent";
  if (!stats.isFile()) throw foreign(path, `this is ${kindOf(stats)}, not a file`);
  const header = onFile(path, () => readHeader(path));
  if (header.length === 0) return "empty";
  if (header.length < 100 || header.toString("latin1", 0, 16) !== MAGIC) {
    throw foreign(path, "this is not an SQLite database");
  }
  // Offsets of the database header: https://www.sqlite.org/fileformat.html#the_database_header
  checkMarks(path, { application: header.readUInt32BE(68), version: header.readUInt32BE(60) });
  return "ours";
}

/** Throws unless these marks are those of a file of ours that this program knows how to use. */
export function checkMarks(path: string, marks: { application: number; version: number }): void {
  if (marks.application !== APPLICATION_ID) {
    throw foreign(path, "this is an SQLite database, but not one of kustomer-sync");
  }
  if (marks.version > LAYOUT_VERSION) {
    throw new AppError(
      "store-newer",
      `this file has layout ${marks.version}, and this program knows no newer one than ${LAYOUT_VERSION}`,
      { at: path, hint: "install the newer kustomer-sync that wrote it" },
    );
  }
}

function foreign(path: string, message: string): AppError {
  const hint = "give another file with --db; it was left as it is";
  return new AppError("store-foreign", message, { at: path, hint });
}

function checkFolder(path: string): void {
  const folder = dirname(path);
  const stats = onFile(path, () => statSync(folder, { throwIfNoEntry: false }));
  if (stats === undefined) {
    const hint = `mkdir -p ${folder}`;
    throw new AppError("store-io", `the folder ${folder} does not exist`, { at: path, hint });
  }
  if (!stats.isDirectory()) {
    const hint = "give another file with --db";
    throw new AppError("store-io", `${folder} is not a folder`, { at: path, hint });
  }
}

/** Reading a pipe would wait for ever, and a device has no header: only ordinary files are looked into. */
function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a folder";
  return stats.isFIFO() ? "a pipe" : stats.isSocket() ? "a socket" : "a device";
}

function readHeader(path: string): Buffer {
  const header = Buffer.alloc(100);
  const file = openSync(path, "r");
  try {
    return header.subarray(0, readSync(file, header, 0, 100, 0));
  } finally {
    closeSync(file);
  }
}
