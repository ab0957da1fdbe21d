/** The values of a row as SQLite has them: 0 and 1 for a boolean, text for JSON; made of a resource, and made one again. */
import { parseJson } from "../lib/json.ts";
import type { Resource } from "../lib/resource.ts";
import type { Kind } from "../streams/define.ts";
import { type Encoding, type Made, MEMBERS, toRecord } from "../streams/record.ts";
import type { Layout } from "./layout.ts";

/** What is bound to a statement. */
export type Bound = string | number | bigint | null;

const ENCODING: Encoding<Bound> = {
  bool: (value) => (value ? 1 : 0),
  json: (value) => JSON.stringify(value),
};

/** Makes the row of a resource; `unknown` are the columns it would have, were they added. */
export function toRow(resource: Resource, layout: Layout): Made<Bound> {
  return toRecord(resource, layout, ENCODING);
}

/**
 * What a row holds, as Kustomer sent it; an attribute that was sent as null may be absent. Integers beyond
 * 2^53 come whole only from a connection that reads them as bigint.
 */
export function toResource(values: Readonly<Record<string, unknown>>, layout: Layout): Resource {
  // Without a prototype, so that a member or an attribute named `__proto__` is one like any other.
  const attributes: Record<string, unknown> = Object.create(null);
  const resource: Record<string, unknown> = Object.create(null);
  for (const { name, kind, source } of layout.columns) {
    const value = values[name] ?? null;
    if (value === null || source.from === "own" || source.from === "relationship") continue;
    const read = readValue(kind, value);
    if (source.from === "attribute") attributes[source.name] = read;
    else resource[source.name] = read;
  }
  const extra = (values._extra ?? null) === null ? {} : parseJson(values._extra as string);
  for (const [name, value] of Object.entries(extra as object)) {
    if (name === MEMBERS) Object.assign(resource, value);
    else attributes[unescapeName(name)] = value;
  }
  return { ...resource, id: values.id as string, attributes };
}

function readValue(kind: Kind, value: unknown): unknown {
  if (kind === "json") return parseJson(value as string);
  if (kind === "bool") return Number(value) === 1;
  return typeof value === "bigint" ? parseJson(String(value)) : value;
}

function unescapeName(name: string): string {
  return /^__+members$/.test(name) ? name.slice(1) : name;
}
