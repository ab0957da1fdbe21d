/**
 * Looks at a file before SQLite does, because SQLite, merely opening one, may write beside it or finish a
 * transaction in it. A file that is refused here has not been touched.
 */
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { AppError } from "../lib/errors.ts";
import { sqliteFailure } from "./sqlite-failure.ts";

/** "Kust" in ASCII: the `application_id` of our files. */
export const APPLICATION_ID = 0x4b757374;

/** The newest layout of a file that this program writes. */
export const LAYOUT_VERSION = 1;

const MAGIC = "SQLite format 3\0";

/** Says whether there is nothing yet or a file of ours; throws for everything else, and for what is newer. */
export function inspectFile(path: string): "new" | "ours" {
  if (!existsSync(path)) {
    const folder = dirname(path);
    if (!existsSync(folder) || !statSync(folder).isDirectory()) {
      throw new AppError("store-io", `the folder ${folder} does not exist`, {
        at: path,
        hint: `mkdir -p ${folder}`,
      });
    }
    return "new";
  }
  if (statSync(path).isDirectory()) {
    throw new AppError("store-foreign", "this is a folder, not a file", { at: path, hint: ANOTHER });
  }
  const header = readHeader(path);
  if (header.length === 0) return "new";
  if (header.length < 100 || header.toString("latin1", 0, 16) !== MAGIC) {
    throw new AppError("store-foreign", "this is not an SQLite database", { at: path, hint: ANOTHER });
  }
  // Offsets of the database header: https://www.sqlite.org/fileformat.html#the_database_header
  if (header.readUInt32BE(68) !== APPLICATION_ID) {
    throw new AppError("store-foreign", "this is an SQLite database, but not one of kustomer-sync", {
      at: path,
      hint: ANOTHER,
    });
  }
  const version = header.readUInt32BE(60);
  if (version > LAYOUT_VERSION) {
    throw new AppError(
      "store-newer",
      `this file has layout ${version}, and this program knows no newer one than ${LAYOUT_VERSION}`,
      { at: path, hint: "install the newer kustomer-sync that wrote it" },
    );
  }
  return "ours";
}

const ANOTHER = "give another file with --db; it was left as it is";

function readHeader(path: string): Buffer {
  const header = Buffer.alloc(100);
  try {
    const file = openSync(path, "r");
    try {
      return header.subarray(0, readSync(file, header, 0, 100, 0));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw sqliteFailure(path, error);
  }
}
