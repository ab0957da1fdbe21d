/** What each column is in a Parquet file: by its kind, never by its values. */
import type { SchemaElement } from "hyparquet";
import type { Kind } from "../../streams/define.ts";
import type { ExportColumn } from "../format.ts";

export type PhysicalType = "BYTE_ARRAY" | "INT64" | "DOUBLE" | "BOOLEAN";

/**
 * A type has an old name and a new one, and some readers know only one of them. JSON is plain text here, and the
 * manifest tells that it is JSON: by that name polars reads it as binary, and where the two names differ DataFusion, and
 * whatever else rests on Rust's parquet, refuses the file.
 */
const STRING = { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } } as const;

export const TYPES = {
  text: STRING,
  json: STRING,
  int: { type: "INT64" },
  real: { type: "DOUBLE" },
  bool: { type: "BOOLEAN" },
  time: {
    type: "INT64",
    converted_type: "TIMESTAMP_MILLIS",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MILLIS" },
  },
} as const satisfies Readonly<Record<Kind, Partial<SchemaElement> & { type: PhysicalType }>>;

/** The root and its columns, each of which may be NULL but `id`. */
export function schemaOf(columns: readonly ExportColumn[]): SchemaElement[] {
  const elements = columns.map((column): SchemaElement => {
    const repetition_type = isRequired(column) ? "REQUIRED" : "OPTIONAL";
    return { name: column.name, repetition_type, ...TYPES[column.kind] };
  });
  return [{ name: "schema", num_children: columns.length }, ...elements];
}

export function isRequired({ name }: ExportColumn): boolean {
  return name === "id";
}
