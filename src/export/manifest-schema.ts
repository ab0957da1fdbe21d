/** The published contract of `_manifest.json`: a JSON Schema, written to schemas/manifest.json. */

const text = { type: "string" } as const;
const count = { type: "integer", minimum: 0 } as const;
const instant = { type: ["string", "null"], format: "date-time" } as const;
const kind = { enum: ["text", "int", "real", "bool", "time", "json"] } as const;

const bound = (what: string) => ({
  type: ["string", "number", "boolean", "null"],
  description: `no value of the column in this file is ${what}; null where there is none, where none is known, and of json`,
});

function object(properties: Record<string, object>, optional: readonly string[] = []) {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required, additionalProperties: true };
}

const column = object({
  name: text,
  kind,
  nulls: count,
  min: bound("less"),
  max: bound("greater"),
  exact: {
    type: "boolean",
    description:
      "false where a text was longer than 64 code points and a bound was cut: min is then a beginning of the least value, max a text that sorts after the greatest. Text is in the order of code points, which is that of UTF-8 bytes",
  },
});

const file = object(
  {
    path: { ...text, description: "from the folder of the manifest, with /" },
    rows: count,
    bytes: count,
    sha256: { ...text, pattern: "^[0-9a-f]{64}$" },
    partition: {
      type: "object",
      additionalProperties: { type: ["string", "null"] },
      description: 'what the names of its folders say, {"created_month": "2026-11"}; null for no date',
    },
    columns: { type: "array", items: column },
  },
  ["partition"],
);

const stream = object(
  {
    stream: text,
    columns: { type: "array", items: object({ name: text, kind }) },
    rows: count,
    deleted: { ...count, description: "how many of the rows are marked deleted" },
    since: { ...instant, description: "only rows written after this are here; null for all" },
    written_to: {
      ...instant,
      description:
        "what was written to the database up to this is here, or in the exports before; --since-last goes on from it. Null where only a part of the stream was asked for",
    },
    synced_to: {
      ...instant,
      description: "everything changed in Kustomer before this had been read; null when nothing had",
    },
    complete: { type: "boolean", description: "whether that reading had come to its end" },
    start: {
      ...instant,
      description: "what was last changed in Kustomer before this had not been asked for; null when all had",
    },
    includes_deleted: { type: "boolean", description: "whether rows that are marked deleted were to come" },
    cut_cells: {
      ...count,
      description: "with for_excel: how many cells were longer than 32,767 characters and were cut there",
    },
    files: { type: "array", items: file },
  },
  ["cut_cells"],
);

export const MANIFEST_SCHEMA = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "manifest",
  description:
    "What an export of kustomer-sync holds; it is written last, so that where it is the export is whole",
  ...object({
    format_version: { const: 1 },
    program: object({ name: { const: "kustomer-sync" }, version: text }),
    moment: { ...text, format: "date-time", description: "all streams are as they were then" },
    sequence: { type: "integer", minimum: 1, description: "counts the exports of a series" },
    database: object({
      file: { type: ["string", "null"], description: "tells the SQLite file from others" },
      org: { type: ["string", "null"], description: "the account" },
    }),
    format: { enum: ["csv", "ndjson", "parquet"] },
    compression: { enum: ["none", "gzip", "zstd"] },
    options: object({
      partition_by: { enum: ["day", "month", null] },
      include_deleted: {
        type: "boolean",
        description: "of every stream; of users, tags and the like they come anyway",
      },
      live_only: { type: "boolean" },
      columns: {
        type: ["array", "null"],
        items: text,
        description: "those that were asked for; null for all, as with where and limit",
      },
      where: { type: ["string", "null"], description: "the condition in SQL that the rows meet" },
      limit: { type: ["integer", "null"], description: "how many rows of each stream were wanted" },
      for_excel: { type: "boolean" },
    }),
    streams: { type: "array", items: stream },
  }),
} as const;
