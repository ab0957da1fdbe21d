/**
 * What an answer looks like. Only the envelope is checked, loosely; a row is checked for its id and kept
 * whole as it came, so that no attribute of it is ever touched here.
 */
import * as v from "valibot";
import { AppError } from "../lib/errors.ts";
import { rawNumber } from "../lib/json.ts";
import type { Resource } from "../lib/resource.ts";
import { oneLine, saidOf } from "./error-words.ts";
import { findDeepRows, MAX_LEVELS } from "./nesting.ts";

export type Rows = {
  readonly rows: Resource[];
  /** Rows kept out: without a usable id, with attributes that are not an object, or nested too deep. */
  readonly rejected: number;
  /** The first of them. */
  readonly keptOut: readonly KeptOut[];
};

export type KeptOut = {
  /** Null when it has none that can be shown. */
  readonly id: string | null;
  /** What is wrong with it, after "it": `has no usable id`. */
  readonly why: string;
};

/** The first row of a page that could not be kept; null when all could. */
export function firstKeptOut({ rejected, keptOut }: Pick<Rows, "rejected" | "keptOut">): KeptOut | null {
  return rejected === 0 ? null : (keptOut[0] ?? { id: null, why: "cannot be kept" });
}

/** So many of the rows that were kept out are named. */
const NAMED = 5;

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
  // `GET /v1/slas/{id}` is documented to have one object there, not an array.
  included: v.optional(
    v.union([
      v.array(v.unknown()),
      v.pipe(
        v.looseObject({}),
        v.transform((row) => [row]),
      ),
    ]),
  ),
  // Not lenient: a link that cannot be read would pass for the last page.
  links: v.nullish(v.looseObject({ next: v.nullish(v.string()) })),
});

/** Where the rows of an answer are: its own, or those beside them. */
export type RowsIn = "own" | "included";

/** Reads one document, as a page that has it alone, or what is `included` with it; throws `shape`. */
export function parseDocument(body: unknown, rowsIn: RowsIn = "own"): PageBody {
  if (!isObject(body) || !isObject(body.data)) throw mismatch("one document", body);
  return parsePage({ ...body, data: [body.data], meta: {}, links: {} }, rowsIn);
}

/** Reads one page of a list or a search; throws `shape` naming what was found instead. */
export function parsePage(body: unknown, rowsIn: RowsIn = "own"): PageBody {
  const page = v.safeParse(PageEnvelope, body);
  if (!page.success) {
    const [issue] = page.issues;
    const path = v.getDotPath(issue);
    const where = path === null || path === "data" ? "" : `, its ${path} not ${issue.expected}`;
    throw mismatch("a page of rows", body, where);
  }
  const { data, meta, links, errors, included = [] } = page.output;
  // What failed may have left rows out.
  if (Array.isArray(errors) && errors.length > 0) throw mismatch("a page of rows without errors", body);
  return {
    ...readRows(rowsIn === "own" ? data : included),
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

/** The rows of the types that were asked for. */
export function acceptedOf(
  rows: readonly Resource[],
  accepts: ((type: string) => boolean) | undefined,
): Resource[] {
  return rows.filter(({ type }) => accepts === undefined || typeof type !== "string" || accepts(type));
}

/** True for a JSON object: not an array, and not a number kept as its source text. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && rawNumber(value) === null;
}

function readRows(data: readonly unknown[]): Rows {
  const deep = findDeepRows(data.filter((row) => typeof row === "object" && row !== null));
  const rows: Resource[] = [];
  const keptOut: KeptOut[] = [];
  for (const row of data) {
    const read = deep.has(row as object) ? TOO_DEEP : readRow(row);
    if (typeof read !== "string") rows.push(read);
    else if (keptOut.length < NAMED) keptOut.push({ id: idOf(row), why: read });
  }
  return { rows, rejected: data.length - rows.length, keptOut };
}

const TOO_DEEP = `is nested deeper than ${MAX_LEVELS} levels`;

/** The row, or why it cannot be kept. */
function readRow(row: unknown): Resource | string {
  if (!isObject(row)) return "is not an object";
  if (typeof row.id !== "string" || row.id === "" || !row.id.isWellFormed()) return "has no usable id";
  if (row.attributes === undefined || row.attributes === null) {
    return { ...row, id: row.id, attributes: {} };
  }
  return isObject(row.attributes) ? (row as Resource) : "has attributes that are not an object";
}

function idOf(row: unknown): string | null {
  return isObject(row) && typeof row.id === "string" ? oneLine(row.id.toWellFormed(), 60) || null : null;
}

function mismatch(expected: string, body: unknown, where = ""): AppError {
  return new AppError("shape", `expected ${expected}, found ${describe(body)}${where}`, {
    said: isObject(body) && "errors" in body ? saidOf(body) : undefined,
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
