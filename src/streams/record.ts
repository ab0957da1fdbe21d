/**
 * Makes a typed record of a resource, for whatever keeps it: each value in the column that is its own, and what a column's
 * kind does not allow, or what has no column, in `_extra`, so that everything Kustomer sent can be read back. `_extra`
 * holds attributes by their names, and other members of the resource under `_members`. Knows no SQLite.
 */
import { rawNumber } from "../lib/json.ts";
import type { Resource } from "../lib/resource.ts";
import { formatTime, isCanonicalTime, parseTime } from "../lib/time.ts";
import type { Column, ColumnSource, Kind } from "./define.ts";

/** What a resource has beside its attributes and each to-one relationship. */
export type Member = Extract<ColumnSource, { from: "member" }>["name"];

/** The columns of a record, and where each source has its own. */
export type Shape = {
  readonly columns: readonly Column[];
  readonly attributes: ReadonlyMap<string, number>;
  readonly relationships: ReadonlyMap<string, number>;
  readonly members: readonly { readonly name: Member; readonly index: number }[];
  /** Where `_extra` is. */
  readonly extra: number;
};

/** An attribute or relationship that wants a column. */
export type NewColumn = {
  readonly from: "attribute" | "relationship";
  readonly name: string;
  readonly kind: Kind;
};

/** How values are written that JSON and SQLite have each in their own way; all others are text, numbers and null. */
export type Encoding<T> = { readonly bool: (value: boolean) => T; readonly json: (value: unknown) => T };

export type Value<T> = string | number | bigint | null | T;

export type Made<T> = {
  /** By column, in the shape's order; our own columns are null but for `_extra`. */
  readonly values: Value<T>[];
  /** Attributes and relationships that no column knows. */
  readonly unknown: readonly NewColumn[];
};

/** The name of other members in `_extra`. */
export const MEMBERS = "_members";
const OWN_MEMBERS: ReadonlySet<string> = new Set(["id", "type", "attributes", "relationships", "links"]);
const MOST_INT64 = 2n ** 63n;

/** Says of columns where each source has its own. */
export function shapeOf(columns: readonly Column[]): Shape {
  const indexes = (from: string) =>
    new Map(
      columns.flatMap(({ source }, index) => (source.from === from ? [[source.name, index] as const] : [])),
    );
  return {
    columns,
    attributes: indexes("attribute"),
    relationships: indexes("relationship"),
    members: columns.flatMap(({ source }, index) =>
      source.from === "member" ? [{ name: source.name, index }] : [],
    ),
    extra: columns.findIndex(({ source }) => source.from === "own" && source.name === "_extra"),
  };
}

/** Makes the record of a resource; `unknown` are the columns it would have, were they added. */
export function toRecord<T>(resource: Resource, shape: Shape, encoding: Encoding<T>): Made<T> {
  const values: Value<T>[] = Array<Value<T>>(shape.columns.length).fill(null);
  const extra = new Map<string, unknown>();
  const unknown: NewColumn[] = [];
  for (const name of Object.keys(resource.attributes)) {
    const value = resource.attributes[name];
    const index = shape.attributes.get(name);
    if (index === undefined) {
      const kind = name.isWellFormed() ? kindOf(name, value) : null;
      if (kind !== null) unknown.push({ from: "attribute", name, kind });
      extra.set(escapeName(name), value);
      continue;
    }
    const fitted = fit(shape.columns[index]!.kind, value, encoding);
    values[index] = fitted.value;
    if (!fitted.exact) extra.set(escapeName(name), value);
  }
  for (const [name, id] of toOneIds(resource.relationships)) {
    const index = shape.relationships.get(name);
    if (index !== undefined) values[index] = id;
    else if (name.isWellFormed()) unknown.push({ from: "relationship", name, kind: "text" });
  }
  const members = Object.keys(resource).filter((name) => !OWN_MEMBERS.has(name));
  if (resource.type !== undefined && !isText(resource.type)) members.push("type");
  if (members.length > 0) {
    extra.set(MEMBERS, Object.fromEntries(members.map((name) => [name, resource[name]])));
  }
  for (const { name, index } of shape.members) values[index] = memberValue(resource, name, encoding);
  if (extra.size > 0) values[shape.extra] = encoding.json(Object.fromEntries(extra));
  return { values, unknown };
}

/**
 * Whether Kustomer, or the listing it came in, calls a row deleted; `at` is Kustomer's own date, undefined
 * when it gave none. Null for a live row. `deleted: false` beside a `deletedAt` of the past can be read in two
 * ways: a row that was brought back and keeps the date, or one whose flag was left behind. The flag is taken at its
 * word, because it speaks of the present: a live row is never called deleted, and the date stays in its column.
 */
export function deletionOf(
  { attributes }: Resource,
  listedAsDeleted: boolean,
): { at: string | undefined } | null {
  const { deleted, deletedAt } = attributes;
  const dated = deleted !== false && deletedAt !== undefined && deletedAt !== null;
  if (!listedAsDeleted && deleted !== true && !dated) return null;
  if (typeof deletedAt !== "string") return { at: undefined };
  if (isCanonicalTime(deletedAt)) return { at: deletedAt };
  const ms = parseTime(deletedAt);
  return { at: ms === null ? undefined : formatTime(ms) };
}

/** A value as a column of this kind has it; not `exact` when the column does not tell it whole. */
function fit<T>(
  kind: Kind,
  value: unknown,
  { bool, json }: Encoding<T>,
): { value: Value<T>; exact: boolean } {
  const misfit = { value: null, exact: false };
  if (value === null) return { value: null, exact: true };
  if (kind === "json") return { value: json(value), exact: true };
  const raw = rawNumber(value);
  switch (kind) {
    case "text":
      return isText(value) ? { value, exact: true } : misfit;
    case "bool":
      return typeof value === "boolean" ? { value: bool(value), exact: true } : misfit;
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

function memberValue<T>(resource: Resource, name: Member, { json }: Encoding<T>): Value<T> {
  const value = resource[name];
  if (name === "id" || name === "type") return isText(value) ? value : null;
  return value === undefined || value === null ? null : json(value);
}

/** Text is kept as UTF-8, which has no place for half a surrogate pair. */
function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed();
}

/** An attribute that is itself called `_members` gets one more underscore. */
function escapeName(name: string): string {
  return /^_+members$/.test(name) ? `_${name}` : name;
}

function fitsInt64(digits: string): boolean {
  if (!/^-?\d+$/.test(digits)) return false;
  const value = BigInt(digits);
  return value >= -MOST_INT64 && value < MOST_INT64;
}
