/**
 * The published contract of a stream: a JSON Schema of its rows, generated from the catalog. Rows may have
 * more than it names, because an attribute that is new to us becomes a column.
 */
import type { Column, ColumnSource, Kind, Stream } from "./define.ts";

type Property = {
  readonly type: string | readonly string[];
  readonly format?: "date-time";
  readonly description?: string;
  readonly "x-source": string;
  readonly "x-kind": Kind;
};

export type StreamSchema = {
  readonly $schema: "https://json-schema.org/draft/2020-12/schema";
  readonly title: string;
  readonly description: string;
  readonly type: "object";
  readonly properties: Readonly<Record<string, Property>>;
  readonly required: readonly string[];
  readonly additionalProperties: true;
};

/** JSON types by kind; `bool` is 0 or 1 in SQLite, and `json` is JSON text there. */
const JSON_TYPES: Readonly<Record<Kind, readonly string[]>> = {
  text: ["string"],
  int: ["integer"],
  real: ["number"],
  bool: ["boolean"],
  time: ["string"],
  json: ["object", "array", "string", "number", "boolean"],
};

/** What our own columns say, which no reader could know from Kustomer's documentation. */
const OWN_DESCRIPTIONS: Readonly<Record<string, string>> = {
  _synced_at: "when kustomer-sync last wrote the row",
  _deleted_at: "when the row was deleted in Kustomer, null for a live row",
  _extra: "by attribute name, the values that do not fit their column",
};

/** Where a value stands in the resource that Kustomer sends: `attributes.updatedAt`. */
export function sourcePath(source: ColumnSource): string {
  switch (source.from) {
    case "member":
      return source.name;
    case "attribute":
      return `attributes.${source.name}`;
    case "relationship":
      return `relationships.${source.name}.data.id`;
    case "own":
      return "kustomer-sync";
  }
}

/** The JSON Schema (draft 2020-12) of a stream's rows. */
export function streamSchema(stream: Stream): StreamSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: stream.name,
    description: stream.summary,
    type: "object",
    properties: Object.fromEntries(stream.columns.map((column) => [column.name, property(column)])),
    required: ["id"],
    additionalProperties: true,
  };
}

/** The files of all schemas by name, as they are published. */
export function schemaFiles(streams: readonly Stream[]): Map<string, string> {
  return new Map(
    streams.map((stream) => [`${stream.name}.json`, `${JSON.stringify(streamSchema(stream), null, 2)}\n`]),
  );
}

function property({ name, kind, source }: Column): Property {
  const description = source.from === "own" ? OWN_DESCRIPTIONS[name] : undefined;
  return {
    type: name === "id" ? "string" : [...JSON_TYPES[kind], "null"],
    ...(kind === "time" ? { format: "date-time" } : {}),
    ...(description === undefined ? {} : { description }),
    "x-source": sourcePath(source),
    "x-kind": kind,
  };
}
