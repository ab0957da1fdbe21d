/**
 * The layouts that files of ours have had, as the steps from each to the next. What a newer layout merely adds,
 * a table or a column, needs no step: it is added wherever it is missing. A step is for what must change.
 */
import type { Database } from "bun:sqlite";
import { askPragma, setPragma } from "./pragmas.ts";

/** Changes a file from one layout to the next, within the transaction that opens it. */
export type Upgrade = (db: Database) => void;

/** The first makes layout 2 of layout 1, and so on; never changed once released. */
const UPGRADES: readonly Upgrade[] = [];

/** The layout that this program writes, and the newest that it knows: the file's `user_version`. */
export const LAYOUT_VERSION = layoutAfter(UPGRADES);

/** Brings a file to the newest layout within the caller's transaction; a new file (version 0) needs no step. */
export function migrate(db: Database, upgrades: readonly Upgrade[] = UPGRADES): void {
  const version = askPragma(db, "user_version");
  const newest = layoutAfter(upgrades);
  if (version === newest) return;
  if (version > 0) for (const upgrade of upgrades.slice(version - 1)) upgrade(db);
  setPragma(db, "user_version", newest);
}

function layoutAfter(upgrades: readonly Upgrade[]): number {
  return 1 + upgrades.length;
}
