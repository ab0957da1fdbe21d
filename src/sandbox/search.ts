/**
 * Answers a page of a search. Bounds on `updated_at` are looked up in the table's order; whatever else a
 * query asks is tested row by row, and its result kept while nobody changes the table. Pages past the
 * hundredth are refused, and yet `links.next` goes on pointing at them, as Kustomer's does.
 */
import { type Answer, badParameter } from "./answers.ts";
import { inKlass } from "./attributes.ts";
import { twoYearsBefore } from "./dataset.ts";
import type { Criterion, Query } from "./query.ts";
import type { Quirks } from "./quirks.ts";
import { answerPage } from "./search-page.ts";
import type { Table } from "./table.ts";
import type { StreamName, World } from "./world.ts";

const LAST_PAGE = 100;
const MOST_ROWS = 500;

export type SearchOptions = {
  readonly archive: boolean;
  /** The server's clock, ms: where its two years end. */
  readonly now: number;
  readonly quirks: Quirks;
  /** What happens to the rows of a page when they are found and not yet fetched. */
  readonly beforeFetch?: (stream: StreamName, rows: readonly number[]) => void;
};

/** What a search looks into. */
export type Index = {
  /** The account as the index knows it. */
  readonly world: World;
  /** When it stopped taking note of changes, ms; null while it does. */
  readonly stoppedAt: number | null;
};

/** Which rows a query finds, in order. */
type Found = { readonly total: number; readonly at: (place: number) => number };

export type Search = (query: Query, params: URLSearchParams, options: SearchOptions) => Answer;

const KEPT = 8;

/**
 * Makes a search over a world, with a small memory of results that cost a scan. The index tells which rows match,
 * their order and their number; the rows themselves are fetched from the world as it is.
 */
export function createSearch(world: World, index: Index = { world, stoppedAt: null }): Search {
  const kept = new Map<string, Found>();
  return (query, params, options) => {
    const { page, pageSize } = readPaging(params, options);
    const found = find(index, query, options, kept);
    const rows: number[] = [];
    const end = Math.min(found.total, page * pageSize);
    for (let place = (page - 1) * pageSize; place < end; place++) rows.push(found.at(place));
    options.beforeFetch?.(query.objects.stream, rows);
    return answerPage(world, query, params, options, { page, pageSize, total: found.total, rows });
  };
}

function readPaging(params: URLSearchParams, options: SearchOptions): { page: number; pageSize: number } {
  const page = readCount(params, "page", 1);
  if (page > LAST_PAGE) {
    throw badParameter(`page must be less than or equal to ${LAST_PAGE}`, "page");
  }
  const pageSize = Math.min(MOST_ROWS, readCount(params, "pageSize", 100));
  const { maxRows = Number.POSITIVE_INFINITY } = options.quirks;
  if (page * pageSize > maxRows) {
    throw badParameter(`Result window is too large, it must be at most ${maxRows}`, "page");
  }
  return { page, pageSize };
}

/** A positive integer of the query string, or what stands for it when absent. */
export function readCount(params: URLSearchParams, name: string, absent: number): number {
  const text = params.get(name);
  if (text === null) return absent;
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1) {
    throw badParameter(`${name} must be a positive integer`, name);
  }
  return Number(text);
}

function find(index: Index, query: Query, options: SearchOptions, kept: Map<string, Found>): Found {
  const { world } = index;
  const { hidesDeleted = false, unsorted = [] } = options.quirks;
  const table = world.tables[query.objects.stream];
  const includeDeleted = query.includeDeleted && !hidesDeleted;
  const { low, high, rest } = bounds(table, query, options, index.stoppedAt ?? options.now);
  const sort = unsorted.includes(query.context) ? null : query.sort;
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
  indexedTo: number,
): { low: number; high: number; rest: Criterion[] } {
  const { overlapMs = 0, indexLagMs = 0 } = options.quirks;
  const border = twoYearsBefore(options.now);
  let from = options.archive ? Number.NEGATIVE_INFINITY : border - overlapMs;
  let to = options.archive ? border + overlapMs : indexedTo - indexLagMs + (indexLagMs > 0 ? 0 : 1);
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
