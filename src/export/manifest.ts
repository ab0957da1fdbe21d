/**
 * `_manifest.json`: what an export holds, written last, so that where it is everything else is. Its schema is
 * published as schemas/manifest.json; new members may come, and those that are there keep their meaning.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { AppError } from "../lib/errors.ts";
import type { Kind } from "../streams/define.ts";
import type { Compression, Format } from "./format.ts";
import { isExportFile, MANIFEST, OLD_MANIFEST } from "./names.ts";
import { ELSEWHERE, lookAt } from "./plain-path.ts";
import type { ColumnStatistics } from "./statistics.ts";

/** Raised when a member changes its meaning. */
export const MANIFEST_VERSION = 1;

export type ManifestFile = {
  /** Relative to the manifest, with `/`. */
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  /** The folders' values, `{"created_month": "2026-11"}`; null is no date. */
  readonly partition?: Readonly<Record<string, string | null>>;
  readonly columns: readonly ColumnStatistics[];
};

export type ManifestStream = {
  readonly stream: string;
  readonly columns: readonly { readonly name: string; readonly kind: Kind }[];
  readonly rows: number;
  /** How many of these are marked deleted. */
  readonly deleted: number;
  /** Only rows written after this are here; null for all. */
  readonly since: string | null;
  /** The file's clock: every row written up to this is here, or in the exports before; null where that is not so. */
  readonly written_to: string | null;
  readonly synced_to: string | null;
  readonly complete: boolean;
  /** Rows last changed in Kustomer before this were not asked for; null when all were. */
  readonly start: string | null;
  /** Whether rows that are marked deleted were to come. */
  readonly includes_deleted: boolean;
  /** For a spreadsheet: how many cells were longer than its are, and have been cut. */
  readonly cut_cells?: number;
  readonly files: readonly ManifestFile[];
};

export type Manifest = {
  readonly format_version: typeof MANIFEST_VERSION;
  readonly program: { readonly name: "kustomer-sync"; readonly version: string };
  readonly moment: string;
  /** 1 for an export of its own, and one more for each that follows it in a series. */
  readonly sequence: number;
  readonly database: { readonly file: string | null; readonly org: string | null };
  readonly format: Format["name"];
  readonly compression: Compression;
  readonly options: {
    readonly partition_by: "day" | "month" | null;
    readonly include_deleted: boolean;
    readonly live_only: boolean;
    readonly columns: readonly string[] | null;
    readonly where: string | null;
    readonly limit: number | null;
    readonly for_excel: boolean;
  };
  readonly streams: readonly ManifestStream[];
};

/** What is needed of an earlier export. */
export type EarlierExport = v.InferOutput<typeof EARLIER>;

const EARLIER = v.looseObject({
  format_version: v.literal(MANIFEST_VERSION),
  program: v.looseObject({ name: v.literal("kustomer-sync") }),
  sequence: v.number(),
  database: v.looseObject({ file: v.nullable(v.string()) }),
  format: v.string(),
  streams: v.array(
    v.looseObject({
      stream: v.string(),
      written_to: v.nullable(v.string()),
      files: v.array(
        v.looseObject({
          path: v.pipe(v.string(), v.check(isExportFile)),
          bytes: v.number(),
          sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
        }),
      ),
    }),
  ),
});

/** The text of a manifest; integers beyond 2^53 keep every digit. */
export function manifestText(manifest: Manifest): string {
  const exact = JSON as unknown as { rawJSON: (text: string) => unknown };
  const replacer = (_: string, value: unknown) =>
    typeof value === "bigint" ? exact.rawJSON(String(value)) : value;
  return `${JSON.stringify(manifest, replacer, 1)}\n`;
}

export type FoundManifest = {
  /** What the file is called. */
  readonly name: string;
  readonly manifest: EarlierExport;
};

/**
 * The export that a folder holds; null where there is none. A link is no manifest of ours. Throws `usage` for one that
 * is not ours, that lists files of other names than ours, or that is newer than this program.
 */
export function readManifest(root: string, folder: string): FoundManifest | null {
  const path = folder === "" ? MANIFEST : `${folder}/${MANIFEST}`;
  if (lookAt(root, path)?.isFile() !== true) return readOldManifest(root, folder);
  const text = readFileSync(join(root, path), "utf8");
  try {
    return { name: MANIFEST, manifest: v.parse(EARLIER, JSON.parse(text)) };
  } catch (error) {
    throw new AppError("usage", "this is no manifest of an export that this program knows", {
      at: join(root, path),
      hint: ELSEWHERE,
      cause: error,
    });
  }
}

/** Many programs have a file of that name: one that is none of ours is just another file. */
function readOldManifest(root: string, folder: string): FoundManifest | null {
  const path = folder === "" ? OLD_MANIFEST : `${folder}/${OLD_MANIFEST}`;
  if (lookAt(root, path)?.isFile() !== true) return null;
  const text = readFileSync(join(root, path), "utf8");
  try {
    return { name: OLD_MANIFEST, manifest: v.parse(EARLIER, JSON.parse(text)) };
  } catch {
    return null;
  }
}
