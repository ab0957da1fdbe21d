/** The ways to export that differ in what they do to the disk. */
import type { FolderOptions } from "../../src/export/export.ts";
import { FORMATS } from "../../src/export/formats.ts";
import { optionsOf } from "./fixture.ts";

const { csv, ndjson, parquet } = FORMATS;

type Way = (db: string, out: string) => FolderOptions;

export const WAYS: Readonly<Record<string, Way>> = {
  csv: (db, out) => optionsOf(db, out, { overwrite: true }),
  "ndjson in row groups, packed": (db, out) =>
    optionsOf(db, out, { format: ndjson, compression: "gzip", rowGroupRows: 30, overwrite: true }),
  parquet: (db, out) =>
    optionsOf(db, out, { format: parquet, compression: "zstd", rowGroupRows: 40, overwrite: true }),
  "by month": (db, out) => optionsOf(db, out, { format: csv, partitionBy: "month", overwrite: true }),
  "what changed": (db, out) => optionsOf(db, out, { since: "last" }),
};
