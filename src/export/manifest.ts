/**
 * `manifest.json`: what an export holds, written last, so that where it is everything else is. Its schema is
 * published as schemas/manifest.json; new members may come, and those that are there keep their meaning.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { AppError } from "../lib/errors.ts";
import type { Kind } from "../streams/define.ts";
import type { Compression, Format } from "./format.ts";
import type { ColumnStatistics } from "./statistics.ts";

export const MANIFEST = "manifest.json";

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
  /** The file's clock: every row written up to this is in this export, or was in those before it. */
  readonly written_to: string | null;
  readonly synced_to: string | null;
  readonly complete: boolean;
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
    readonly for_excel: boolean;
  };
  readonly streams: readonly ManifestStream[];
};

/** What is needed of an earlier export. */
export type EarlierExport = v.InferOutput<typeof EARLIER>;

/** A path that stays below its folder, on every system. */
export const PATH = v.pipe(v.string(), v.regex(/^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[^/\\:][^\\:]*$/));

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
      files: v.array(v.looseObject({ path: PATH })),
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

/**
 * The export that a folder holds; null where there is none. Throws `usage` for a manifest that is not ours, or
 * newer than this program.
 */
export function readManifest(folder: string): EarlierExport | null {
  const path = join(folder, MANIFEST);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
  try {
    return v.parse(EARLIER, JSON.parse(text));
  } catch (error) {
    throw new AppError("usage", "this is no manifest of an export that this program knows", {
      at: path,
      hint: "give another folder with --out; it was left as it is",
      cause: error,
    });
  }
}
