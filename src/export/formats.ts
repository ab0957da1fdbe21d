/** The formats, by the name that `--format` takes. To add one: its file, and a line here. */
import { csv } from "./csv.ts";
import type { Format } from "./format.ts";
import { ndjson } from "./ndjson.ts";
import { parquet } from "./parquet.ts";

export const FORMATS = { csv, ndjson, parquet } as const satisfies Readonly<Record<string, Format>>;

export type FormatName = keyof typeof FORMATS;
