/**
 * Turns a resource into the values of a row, and back. What a column's kind does not allow, and what has no
 * column, is kept in `_extra`, so that everything Kustomer sent can be read back: `_extra` holds attributes
 * by their names, and other members of the resource under `_members`.
 */
import { parseJson, rawNumber } from "../lib/json.ts";
import type { Resource } from "../lib/resource.ts";
import { formatTime, isCanonicalTime, parseTime } from "../lib/time.ts";
import type { Kind } from "../streams/define.ts";
import type { Layout, Member, NewColumn } from "./layout.ts";

/** What is bound to a statement. */
export type Bound = string | number | bigint | null;

export type Row = {
  /** By column, in the layout's order; our own columns are NULL but for `_extra`. */
  readonly values: Bound[];
  /** Attributes and relationships that no column knows. */
  readonly unknown: readonly NewColumn[];
};

const MEMBERS = "_members";
const OWN_MEMBERS: ReadonlySet<string> = new Set(["id", "type", "attributes", "relationships", "links"]);
const MOST_INT64 = 2n ** 63n;

/** Makes the row of a resource; `unknown` are the columns it would have, were they added. */
export function toRow(resource: Resource, layout: Layout): Row {
  const values: Bound[] = Array<Bound>(layout.columns.length).fill(null);
  const extra = new Map<string, unknown>();
  const unknown: NewColumn[] = [];
  for (const name of Object.keys(resource.attributes)) {
    const value = resource.attributes[name];
    const index = layout.attributes.get(name);
    if (index === undefined) {
      const kind = name.isWellFormed() ? kindOf(name, value) : null;
      if (kind !== null) unknown.push({ from: "attribute", name, kind });
      extra.set(escapeName(name), value);
      continue;
    }
    const fitted = fit(layout.columns[index]!.kind, value);
    values[index] = fitted.value;
    if (!fitted.exact) extra.set(escapeName(name), value);
  }
  for (const [name, id] of toOneIds(resource.relationships)) {
    const index = layout.relationships.get(name);
    if (index !== undefined) values[index] = id;
    else if (name.isWellFormed()) unknown.push({ from: "relationship", name, kind: "text" });
  }
  const members = Object.keys(resource).filter((name) => !OWN_MEMBERS.has(name));
  if (resource.type !== undefined && !isText(resource.type)) members.push("type");
  if (members.length > 0) {
    extra.set(MEMBERS, Object.fromEntries(members.map((name) => [name, resource[name]])));
  }
  for (const { name, index } of layout.members) values[index] = memberValue(resource, name);
  values[layout.extra] = extraText(extra);
  return { values, unknown };
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

/** A value as a column of this kind stores it; not `exact` when the column does not tell it whole. */
function fit(kind: Kind, value: unknown): { value: Bound; exact: boolean } {
  const misfit = { value: null, exact: false };
  if (value === null) return { value: null, exact: true };
  if (kind === "json") return { value: JSON.stringify(value), exact: true };
  const raw = rawNumber(value);
  switch (kind) {
    case "text":
      return isText(value) ? { value, exact: true } : misfit;
    case "bool":
      return typeof value === "boolean" ? { value: value ? 1 : 0, exact: true } : misfit;
    case "real":
      return typeof value === "number" && Number.isFinite(value) ? { value, exact: true } : misfit;
    case "int":
      if (typeof value === "number" && Number.isSafeInteger(value)) return { value, exact: true };
      return raw !== null && fitsInt64(raw) ? { value: BigInt(raw), exact: true } : misfit;
    case "time": {
      if (typeof value !== "string") return misfit;
      if (isCanonicalTime(value)) return { value, exact: true };
      // Another spelling of an instant: the column tells the instant, `_extra` how it was written.
      const ms = parseTime(value);
      return ms === null ? misfit : { value: formatTime(ms), exact: false };
    }
  }
}

/** The kind of a column for an attribute that none knows, by its first value; null when that fits no kind. */
function kindOf(name: string, value: unknown): Kind | null {
  if (value === null || rawNumber(value) !== null) return null;
  switch (typeof value) {
    case "string":
      if (name.endsWith("At") && isCanonicalTime(value)) return "time";
      return value.isWellFormed() ? "text" : null;
    case "number":
      return Number.isFinite(value) ? "real" : null;
    case "boolean":
      return "bool";
    default:
      return "json";
  }
}

/** The to-one relationships that name somebody: those whose `data` is one object with an id. */
function* toOneIds(relationships: unknown): Generator<[string, string]> {
  if (typeof relationships !== "object" || relationships === null || Array.isArray(relationships)) return;
  for (const name of Object.keys(relationships)) {
    const relationship = (relationships as Record<string, { data?: { id?: unknown } } | null>)[name];
    const id = relationship?.data?.id;
    if (isText(id)) yield [name, id];
  }
}

function memberValue(resource: Resource, name: Member): Bound {
  const value = resource[name];
  if (name === "id" || name === "type") return isText(value) ? value : null;
  return value === undefined || value === null ? null : JSON.stringify(value);
}

/** SQLite keeps text as UTF-8, which has no place for half a surrogate pair. */
function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed();
}

function extraText(extra: ReadonlyMap<string, unknown>): string | null {
  if (extra.size === 0) return null;
  const members = [...extra].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `{${members.join(",")}}`;
}

/** An attribute that is itself called `_members` gets one more underscore. */
function escapeName(name: string): string {
  return /^_+members$/.test(name) ? `_${name}` : name;
}

function unescapeName(name: string): string {
  return /^__+members$/.test(name) ? name.slice(1) : name;
}

function fitsInt64(digits: string): boolean {
  if (!/^-?\d+$/.test(digits)) return false;
  const value = BigInt(digits);
  return value >= -MOST_INT64 && value < MOST_INT64;
}
