/**
 * Paths below a folder of which no part is a link: only what is reached so is looked at, moved or removed, because a
 * link leads to what belongs to somebody else.
 */
import { lstatSync, readdirSync, type Stats } from "node:fs";
import { join } from "node:path";
import { AppError } from "../lib/errors.ts";

export const ELSEWHERE = "give another folder with --out; it was left as it is";

/** What is at a path below a folder; null where nothing is, or where a part of the way there is no folder. */
export function lookAt(root: string, path: string): Stats | null {
  const parts = path.split("/");
  for (let length = 1; length < parts.length; length += 1) {
    if (lstat(join(root, ...parts.slice(0, length)))?.isDirectory() !== true) return null;
  }
  return lstat(join(root, path));
}

/** The folders that a path lies in, `a` and `a/b` of `a/b/c`. */
export function foldersOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** Throws `usage` where something on the way to a path is no folder, or is a link; ENOENT where it is missing. */
export function checkWay(root: string, path: string): void {
  for (const above of foldersOf(path)) {
    const stats = lstatSync(join(root, above));
    if (!stats.isDirectory()) throw inTheWay(root, above, "is not a folder");
  }
}

/** The error of something that is there and is none of ours. */
export function inTheWay(root: string, path: string, why: string): AppError {
  return new AppError("usage", `${path} ${why}`, { at: root, hint: ELSEWHERE });
}

export type Entry = { readonly path: string; readonly is: "file" | "folder" | "other" };

/** Everything below a folder, by its path from there with `/`; links are told as `other`, and not followed. */
export function walk(root: string, from = ""): Entry[] {
  return readdirSync(join(root, from), { withFileTypes: true }).flatMap((entry): Entry[] => {
    const path = from === "" ? entry.name : `${from}/${entry.name}`;
    if (entry.isDirectory()) return [{ path, is: "folder" }, ...walk(root, path)];
    return [{ path, is: entry.isFile() ? "file" : "other" }];
  });
}

function lstat(path: string): Stats | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return null;
    throw error;
  }
}
