/**
 * Answers a page of a search. Bounds on `updated_at` are looked up in the table's order; whatever else a
 * query asks is tested row by row, and its result kept while nobody changes the table. Pages past the
 * hundredth are refused, and yet `links.next` goes on pointing at them, as Kustomer's does.
 */
import { type Answer, Refusal, type SearchPage } from "./answers.ts";
import { inKlass } from "./attributes.ts";
import { twoYearsBefore } from "./dataset.ts";
import type { Criterion, Query } from "./query.ts";
import { render } from "./render.ts";
import type { Table } from "./table.ts";
import type { World } from "./world.ts";

const LAST_PAGE = 100;
const MOST_ROWS = 500;

export type SearchOptions = {
  readonly archive: boolean;
  /** The server's clock, ms: where its two years end. */
  readonly now: number;
  /** Rows changed within this many ms are not to be found yet. */
  readonly lagMs: number;
  /** Pages that end past this many rows are refused; null when only their number is limited. */
  readonly maxRows: number | null;
  /** The most that `meta.total` says; null for what there is. */
  readonly mostTotal: number | null;
  /** Contexts whose `sort` is accepted and not honoured. */
  readonly unsorted: readonly string[];
  /** Rows that are deleted are not found, though they be asked for. */
  readonly hidesDeleted: boolean;
  /** How far both searches reach beyond the border between them, ms. */
  readonly overlapMs: number;
};

/** Which rows a query finds, in order. */
type Found = { readonly total: number; readonly at: (place: number) => number };

export type Search = (query: Query, params: URLSearchParams, options: SearchOptions) => Answer;

const KEPT = 8;

/** Makes a search over a world, with a small memory of results that cost a scan. */
export function createSearch(world: World): Search {
  const kept = new Map<string, Found>();
  return (query, params, options) => {
    const { page, pageSize } = readPaging(params, options);
    const found = find(world, query, options, kept);
    const rows: number[] = [];
    const end = Math.min(found.total, page * pageSize);
    for (let place = (page - 1) * pageSize; place < end; place++) rows.push(found.at(place));
    return answerPage(world, query, params, options, { page, pageSize, total: found.total, rows });
  };
}

function readPaging(params: URLSearchParams, options: SearchOptions): { page: number; pageSize: number } {
  const page = readCount(params, "page", 1);
  if (page > LAST_PAGE) {
    throw new Refusal(400, `page must be less than or equal to ${LAST_PAGE}`, { parameter: "page" });
  }
  const pageSize = Math.min(MOST_ROWS, readCount(params, "pageSize", 100));
  if (options.maxRows !== null && page * pageSize > options.maxRows) {
    throw new Refusal(400, `Result window is too large, it must be at most ${options.maxRows}`, {
      parameter: "page",
    });
  }
  return { page, pageSize };
}

/** A positive integer of the query string, or what stands for it when absent. */
export function readCount(params: URLSearchParams, name: string, absent: number): number {
  const text = params.get(name);
  if (text === null) return absent;
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1) {
    throw new Refusal(400, `${name} must be a positive integer`, { parameter: name });
  }
  return Number(text);
}

function find(world: World, query: Query, options: SearchOptions, kept: Map<string, Found>): Found {
  const table = world.tables[query.objects.stream];
  const includeDeleted = query.includeDeleted && !options.hidesDeleted;
  const { low, high, rest } = bounds(table, query, options);
  const sort = options.unsorted.includes(query.context) ? null : query.sort;
  const byUpdate = sort?.attribute.isUpdate === true;
  const whole =
    rest.length === 0 &&
    query.any.length === 0 &&
    query.none.length === 0 &&
    query.objects.klass === null &&
    includeDeleted;
  if (whole && byUpdate) {
    const total = Math.max(0, high - low);
    return { total, at: (place) => table.at(sort?.descending ? high - 1 - place : low + place) };
  }
  const key = JSON.stringify([
    query.context,
    table.version,
    low,
    high,
    includeDeleted,
    sort?.attribute.name,
    sort?.descending,
    options.archive,
    ...[rest, query.any, query.none].map((list) => list.map(describe)),
  ]);
  const known = kept.get(key);
  if (known !== undefined) return known;
  const rows: number[] = [];
  for (let place = low; place < high; place++) {
    const row = table.at(place);
    if (!includeDeleted && table.deleted[row] !== 0) continue;
    if (!inKlass(world, query.objects, row)) continue;
    if (!rest.every((criterion) => criterion.holds(world, row))) continue;
    if (query.any.length > 0 && !query.any.some((criterion) => criterion.holds(world, row))) continue;
    if (query.none.some((criterion) => criterion.holds(world, row))) continue;
    rows.push(row);
  }
  order(world, rows, sort, byUpdate);
  const found: Found = { total: rows.length, at: (place) => rows[place]! };
  kept.set(key, found);
  for (const oldest of kept.keys()) {
    if (kept.size <= KEPT) break;
    kept.delete(oldest);
  }
  return found;
}

const describe = (criterion: Criterion): unknown[] => [
  criterion.attribute.name,
  criterion.operator,
  criterion.value,
];

/** The places between which all rows stand that the window and the bounds on `updated_at` allow, and the other criteria. */
function bounds(
  table: Table,
  query: Query,
  options: SearchOptions,
): { low: number; high: number; rest: Criterion[] } {
  const border = twoYearsBefore(options.now);
  let from = options.archive ? Number.NEGATIVE_INFINITY : border - options.overlapMs;
  let to = options.archive
    ? border + options.overlapMs
    : options.now - options.lagMs + (options.lagMs > 0 ? 0 : 1);
  const rest: Criterion[] = [];
  for (const criterion of query.all) {
    const { operator, value } = criterion;
    if (!criterion.attribute.isUpdate || typeof value !== "number") {
      rest.push(criterion);
      continue;
    }
    // Times are whole milliseconds: after T is from T + 1 on.
    if (operator === "gte" || operator === "equals") from = Math.max(from, value);
    if (operator === "gt") from = Math.max(from, value + 1);
    if (operator === "lt") to = Math.min(to, value);
    if (operator === "lte" || operator === "equals") to = Math.min(to, value + 1);
  }
  const low = table.placeOf(from);
  return { low, high: Math.max(low, table.placeOf(to)), rest };
}

function order(world: World, rows: number[], sort: Query["sort"], byUpdate: boolean): void {
  if (sort === null) {
    // In no order of time: that of the rows' numbers, which say nothing about it.
    rows.sort((a, b) => a - b);
    return;
  }
  if (!byUpdate) {
    const keys = new Map(rows.map((row) => [row, sort.attribute.read(world, row)]));
    rows.sort((a, b) => compare(keys.get(a) ?? null, keys.get(b) ?? null));
  }
  if (sort.descending) rows.reverse();
}

function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  // Rows without a value come last in ascending order.
  if (a === null) return 1;
  if (b === null) return -1;
  return (a as number) < (b as number) ? -1 : 1;
}

function counted(total: number, pageSize: number, mostTotal: number | null) {
  const told = mostTotal === null ? total : Math.min(total, mostTotal);
  return { total: told, totalPages: Math.ceil(told / pageSize) };
}

function answerPage(
  world: World,
  query: Query,
  params: URLSearchParams,
  options: SearchOptions,
  { page, pageSize, total, rows }: { page: number; pageSize: number; total: number; rows: number[] },
): Answer {
  const { stream } = query.objects;
  const path = options.archive ? "/v1/customers/archive/search" : "/v1/customers/search";
  const link = (number: number) => `${path}?page=${number}&pageSize=${pageSize}`;
  const totalPages = Math.ceil(total / pageSize);
  const idsOnly = params.get("idsOnly") === "true";
  const body: SearchPage = {
    meta: {
      pageSize,
      page,
      ...counted(total, pageSize, options.mostTotal),
      aggregations: {},
      timed_out: false,
    },
    links: {
      self: link(page),
      first: link(1),
      prev: page > 1 ? link(page - 1) : null,
      next: page < totalPages ? link(page + 1) : null,
      last: link(Math.max(1, totalPages)),
    },
    data: rows.map((row) => {
      const { type, id, ...rest } = render(world, stream, row);
      return idsOnly ? { type, id } : { type, id, ...rest };
    }),
  };
  return { status: 200, body, page: body };
}
