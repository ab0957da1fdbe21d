/**
 * Reads the body of a search into a query, or refuses it as strictly as the documented grammar allows: an
 * unknown key, context, attribute, operator or value is a 400 that names it. A criterion has one attribute
 * with one operator; two bounds are two criteria in `and`.
 */
import { parseTime } from "../lib/time.ts";
import { Refusal } from "./answers.ts";
import {
  type Attribute,
  type AttributeValue,
  findAttribute,
  findObjects,
  type Objects,
} from "./attributes.ts";
import type { World } from "./world.ts";

export type Criterion = {
  readonly attribute: Attribute;
  readonly operator: string;
  /** For dates in ms. */
  readonly value: AttributeValue | readonly number[];
  readonly holds: (world: World, row: number) => boolean;
};

export type Query = {
  readonly context: string;
  readonly objects: Objects;
  readonly all: readonly Criterion[];
  readonly any: readonly Criterion[];
  readonly none: readonly Criterion[];
  /** The first key only: further ones are accepted, and observed to be ignored. */
  readonly sort: { readonly attribute: Attribute; readonly descending: boolean } | null;
  readonly includeDeleted: boolean;
};

const KEYS = ["queryContext", "and", "or", "not", "sort", "timeZone", "includeDeleted"];
const STANDARD_KEYS = [...KEYS, "fields", "aggs", "searchHash"];

/** Parses the body of a search; throws `Refusal` (400) saying what is wrong with it. */
export function parseQuery(body: unknown, archive: boolean): Query {
  if (!isRecord(body)) throw bad("The body must be an object", "/");
  const known = archive ? KEYS : STANDARD_KEYS;
  for (const key of Object.keys(body)) {
    if (!known.includes(key)) throw bad(`Unknown property ${key}`, `/${key}`);
  }
  const context = body.queryContext;
  if (typeof context !== "string") throw bad("queryContext is required", "/queryContext");
  const objects = findObjects(context, archive);
  if (objects === null) throw bad(`Unknown queryContext ${context}`, "/queryContext");
  const zone = readZone(body.timeZone);
  const read = (key: "and" | "or" | "not"): Criterion[] => {
    const value = body[key];
    if (value === undefined) return [];
    const list = key === "not" && isRecord(value) ? [value] : value;
    if (!Array.isArray(list)) throw bad(`${key} must be an array`, `/${key}`);
    return list.map((item, nth) => readCriterion(item, `/${key}/${nth}`, objects, archive, zone));
  };
  if (body.includeDeleted !== undefined && typeof body.includeDeleted !== "boolean") {
    throw bad("includeDeleted must be a boolean", "/includeDeleted");
  }
  if (body.fields !== undefined && !isTexts(body.fields))
    throw bad("fields must be an array of strings", "/fields");
  return {
    context,
    objects,
    all: read("and"),
    any: read("or"),
    none: read("not"),
    sort: readSort(body.sort, objects, archive),
    includeDeleted: body.includeDeleted === true,
  };
}

function bad(title: string, pointer: string): Refusal {
  const names = pointer.split("/").filter((part) => !/^\d*$/.test(part));
  const parameter = names.at(-1) ?? "body";
  return new Refusal(400, title, { source: { parameter }, detail: pointer });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** The only entry of an object that must have exactly one. */
function onlyEntry(item: unknown, at: string, what: string): [string, unknown] {
  const entries = isRecord(item) ? Object.entries(item) : [];
  if (entries.length !== 1) throw bad(`${what} must be an object with exactly one property`, at);
  return entries[0]!;
}

function readSort(value: unknown, objects: Objects, archive: boolean): Query["sort"] {
  if (value === undefined) return null;
  if (!Array.isArray(value)) throw bad("sort must be an array", "/sort");
  const keys = value.map((item, nth) => {
    const at = `/sort/${nth}`;
    const [name, direction] = onlyEntry(item, at, "A sort key");
    const attribute = findAttribute(objects, name, archive);
    if (attribute === null) throw bad(`Unknown attribute ${name}`, `${at}/${name}`);
    if (!attribute.sortable) throw bad(`Can not sort by ${name}`, at);
    if (direction !== "asc" && direction !== "desc")
      throw bad(`Unknown sort direction ${JSON.stringify(direction)}`, at);
    return { attribute, descending: direction === "desc" };
  });
  return keys[0] ?? null;
}

function readCriterion(
  item: unknown,
  at: string,
  objects: Objects,
  archive: boolean,
  zone: string,
): Criterion {
  const [name, comparison] = onlyEntry(item, at, "A criterion");
  const attribute = findAttribute(objects, name, archive);
  if (attribute === null) throw bad(`Unknown attribute ${name}`, `${at}/${name}`);
  const [operator, given] = onlyEntry(comparison, `${at}/${name}`, "A comparison");
  const value = readValue(attribute, operator, given, `${at}/${name}/${operator}`, zone);
  return { attribute, operator, value, holds: comparer(attribute, operator, value) };
}

const OPERATORS: Readonly<Record<Attribute["kind"], readonly string[]>> = {
  date: ["equals", "gt", "gte", "lt", "lte", "not_set"],
  number: ["equals", "in", "gt", "gte", "lt", "lte", "not_set"],
  id: ["equals", "in", "not_set"],
  text: ["equals", "in", "contains", "not_set"],
  bool: ["equals", "not_set"],
};

function readValue(
  attribute: Attribute,
  operator: string,
  given: unknown,
  at: string,
  zone: string,
): Criterion["value"] {
  if (!OPERATORS[attribute.kind].includes(operator)) {
    throw bad(`Unknown operator ${operator} for ${attribute.name}`, at);
  }
  const wrong = (wanted: string) => bad(`${attribute.name} ${operator} must be ${wanted}`, at);
  if (operator === "not_set") {
    if (given !== "") throw wrong("an empty string");
    return "";
  }
  if (operator === "in") {
    const type = attribute.kind === "number" ? "number" : "string";
    if (!Array.isArray(given) || given.some((one) => typeof one !== type))
      throw wrong(`an array of ${type}s`);
    return given as string[] | number[];
  }
  if (attribute.kind === "date") {
    const ms = typeof given === "string" ? readDate(given, zone) : null;
    if (ms === null) throw wrong("a date (YYYY-MM-DD) or a date-time with its offset");
    return ms;
  }
  const type = attribute.kind === "number" ? "number" : attribute.kind === "bool" ? "boolean" : "string";
  if (typeof given !== type) throw wrong(`a ${type}`);
  return given as string | number | boolean;
}

/** A day begins in the query's zone; a date-time means the instant it names. */
function readDate(text: string, zone: string): number | null {
  const ms = parseTime(text);
  if (ms === null) return null;
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return ms - offsetAt(ms, zone);
  return /([Zz]|[+-]\d{2}:?\d{2})$/.test(text) ? ms : null;
}

function readZone(value: unknown): string {
  if (value === undefined) return "GMT";
  try {
    if (typeof value !== "string") throw new RangeError();
    return new Intl.DateTimeFormat("en-US", { timeZone: value }).resolvedOptions().timeZone;
  } catch {
    throw bad(`Unknown timeZone ${JSON.stringify(value)}`, "/timeZone");
  }
}

/** How far a zone is ahead of GMT at the start of a day there, in ms. */
function offsetAt(ms: number, zone: string): number {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  const offset = (at: number) => {
    const name = format.formatToParts(at).find((part) => part.type === "timeZoneName")?.value ?? "";
    const [, sign, hours, minutes] = /([+-])(\d{2}):(\d{2})/.exec(name) ?? [];
    const size = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
    return sign === "-" ? -size : size;
  };
  return offset(ms - offset(ms));
}

function comparer(attribute: Attribute, operator: string, value: Criterion["value"]): Criterion["holds"] {
  const { read } = attribute;
  if (operator === "not_set") {
    return (world, row) => {
      const own = read(world, row);
      return own === null || own === "" || (Array.isArray(own) && own.length === 0);
    };
  }
  const test = (one: AttributeValue): boolean => {
    if (one === null) return false;
    if (operator === "equals") return one === value;
    if (operator === "in") return (value as readonly unknown[]).includes(one);
    if (operator === "contains") return containsWords(String(one), String(value));
    const order = Number(one) - Number(value);
    if (operator === "gt") return order > 0;
    if (operator === "gte") return order >= 0;
    return operator === "lt" ? order < 0 : order <= 0;
  };
  return (world, row) => {
    const own = read(world, row);
    return Array.isArray(own) ? own.some(test) : test(own as AttributeValue);
  };
}

/** True when all words asked for are in the text: whole words, in any case. */
function containsWords(text: string, wanted: string): boolean {
  const words = new Set(wordsOf(text));
  const asked = wordsOf(wanted);
  return asked.length > 0 && asked.every((word) => words.has(word));
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}
