/**
 * What an answer looks like. Only the envelope is checked, loosely; a row is checked for its id and kept
 * whole as it came, so that no attribute of it is ever touched here.
 */
import * as v from "valibot";
import { AppError } from "../lib/errors.ts";
import { rawNumber } from "../lib/json.ts";
import type { Resource } from "../lib/resource.ts";
import { oneLine, readSaid } from "./said.ts";

export type Rows = {
  readonly rows: Resource[];
  /** Rows kept out because they have no usable id, or attributes that are not an object. */
  readonly rejected: number;
};

export type PageBody = Rows & {
  /** How much there is in all; null when the endpoint does not report it. */
  readonly total: number | null;
  /** The page size the server says it used; null when it does not say. */
  readonly pageSize: number | null;
  /** True when the search gave up early: the rows are some of the page, not the page. */
  readonly timedOut: boolean;
  /** The link to the next page as written; null on the last page. */
  readonly next: string | null;
  /** True when it has neither `meta` nor `links`, as some lists have. */
  readonly bare: boolean;
};

/** Some endpoints write their counts as strings; one that cannot be read counts as not given. */
const Count = v.fallback(
  v.nullish(
    v.pipe(
      v.union([v.number(), v.pipe(v.string(), v.digits(), v.toNumber())]),
      v.safeInteger(),
      v.minValue(0),
    ),
  ),
  null,
);
const Meta = v.looseObject({ total: Count, pageSize: Count, timed_out: v.optional(v.unknown()) });
const PageEnvelope = v.looseObject({
  data: v.array(v.unknown()),
  meta: v.fallback(v.nullish(Meta), null),
  // Not lenient: a link that cannot be read would pass for the last page.
  links: v.nullish(v.looseObject({ next: v.nullish(v.string()) })),
});

/** Reads one page of a list or a search; throws `shape` naming what was found instead. */
export function parsePage(body: unknown): PageBody {
  const page = v.safeParse(PageEnvelope, body);
  if (!page.success) {
    const [issue] = page.issues;
    const path = v.getDotPath(issue);
    const where = path === null || path === "data" ? "" : `, its ${path} not ${issue.expected}`;
    throw mismatch("a page of rows", body, where);
  }
  const { data, meta, links } = page.output;
  return {
    ...readRows(data),
    total: meta?.total ?? null,
    pageSize: meta?.pageSize || null,
    timedOut: (meta?.timed_out ?? false) !== false,
    next: links?.next || null,
    bare: (meta ?? null) === null && (links ?? null) === null,
  };
}

/**
 * Reads recorded answers of any kind: a page, a bare array of rows, one row, or one row inside `data`.
 * Throws `shape` for anything else.
 */
export function parseResources(body: unknown): Rows {
  if (Array.isArray(body)) return readRows(body);
  if (isObject(body)) {
    if (Array.isArray(body.data)) return readRows(body.data);
    if (isObject(body.data)) return readRows([body.data]);
    if (body.data === undefined && ("id" in body || "attributes" in body)) return readRows([body]);
  }
  throw mismatch("a page, an array of rows or one row", body);
}

/** Throws `shape` when a row has a type that was not asked for; `asked` says what was. */
export function checkTypes(
  rows: readonly Resource[],
  asked: string,
  accepts: ((type: string) => boolean) | undefined,
): void {
  if (accepts === undefined) return;
  for (const { id, type } of rows) {
    if (typeof type !== "string" || accepts(type)) continue;
    throw new AppError(
      "shape",
      `asked for ${asked}, it holds a row of type ${oneLine(type, 60)} (${oneLine(id, 60)})`,
    );
  }
}

/** True for a JSON object: not an array, and not a number kept as its source text. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && rawNumber(value) === null;
}

function readRows(data: readonly unknown[]): Rows {
  const rows = data.map(readRow).filter((row) => row !== null);
  return { rows, rejected: data.length - rows.length };
}

function readRow(row: unknown): Resource | null {
  if (!isObject(row) || typeof row.id !== "string" || row.id === "" || !row.id.isWellFormed()) return null;
  if (row.attributes === undefined || row.attributes === null) {
    return { ...row, id: row.id, attributes: {} };
  }
  return isObject(row.attributes) ? (row as Resource) : null;
}

function mismatch(expected: string, body: unknown, where = ""): AppError {
  return new AppError("shape", `expected ${expected}, found ${describe(body)}${where}`, {
    said: isObject(body) && "errors" in body ? readSaid(JSON.stringify(body)) : undefined,
  });
}

function describe(body: unknown): string {
  if (body === null) return "null";
  if (Array.isArray(body)) return `an array of ${body.length}`;
  if (!isObject(body)) return `a ${typeof body === "object" ? "number" : typeof body}`;
  const members = Object.keys(body);
  if (members.length === 0) return "an empty object";
  return oneLine(`an object with ${members.slice(0, 5).join(", ")}${members.length > 5 ? ", ..." : ""}`, 120);
}
