/**
 * Which files of a folder belong to exports of ours: those that a manifest lists, that lie where it says with no link
 * on the way, and that still have the SHA-256 that it gives. What somebody changed since is theirs.
 */
import { join } from "node:path";
import { sumFile } from "../lib/file-sum.ts";
import { lookAt } from "./plain-path.ts";
import { type Finished, filesOf, manifestOf } from "./series.ts";

/** What tells a file from another one, and from itself after it was written to. */
type Mark = string;

export type Owned = {
  /** The files that are ours, manifests included, by their path. */
  readonly marks: ReadonlyMap<string, Mark>;
  /** Those that are listed and there, and are ours no more. */
  readonly changed: readonly string[];
};

/** Looks at every file that exports list; reads all of them. */
export async function findOwned(
  root: string,
  series: readonly Finished[],
  signal: AbortSignal,
): Promise<Owned> {
  const marks = new Map<string, Mark>();
  const changed: string[] = [];
  for (const each of series) {
    const path = manifestOf(each);
    const found = lookAtMark(root, path);
    if (found !== null) marks.set(path, found);
    for (const file of filesOf(each)) {
      const mark = await markOf(root, file, signal);
      if (mark !== null) marks.set(file.path, mark);
      else if (lookAt(root, file.path) !== null) changed.push(file.path);
    }
  }
  return { marks, changed };
}

/** The mark of a file that is as a manifest has it; null where it is not. */
export async function markOf(
  root: string,
  { path, bytes, sha256 }: { readonly path: string; readonly bytes: number; readonly sha256: string },
  signal: AbortSignal,
): Promise<Mark | null> {
  const stats = lookAt(root, path);
  if (stats === null || !stats.isFile() || stats.size !== bytes) return null;
  const before = lookAtMark(root, path);
  const sum = await sumFile(join(root, path), signal);
  // Looked at from outside again: what was read is what lies there.
  return sum.sha256 === sha256 && before === lookAtMark(root, path) ? before : null;
}

/** The mark of what lies at a path now; null where nothing does. */
export function lookAtMark(root: string, path: string): Mark | null {
  const stats = lookAt(root, path);
  return stats === null ? null : [stats.dev, stats.ino, stats.size, stats.mtimeMs].join(" ");
}
