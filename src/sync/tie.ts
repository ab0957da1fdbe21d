/**
 * Reads the rows that share one `updatedAt` (a bulk edit leaves thousands): by page number, because time
 * cannot tell them apart, and believed only when as many different ids came as the API counts, and the
 * count held still. What page numbers cannot reach is split by `createdAt`.
 */
import type { Page, SearchRequest } from "../kustomer/search.ts";
import { AppError } from "../lib/errors.ts";
import type { Resource } from "../lib/resource.ts";
import { formatTime, parseTime } from "../lib/time.ts";
import { provePage } from "./page-proof.ts";
import type { Range } from "./ranges.ts";
import type { Api } from "./reader.ts";
import { EARLIEST, type TieProgress } from "./stream-state.ts";

/** Search serves this many pages and no more (Kustomer's reference for create-customer-search). */
const MOST_PAGES = 100;

/** How often a tie is read from its first page again before it is split. */
const RESTARTS = 5;

/** A tie goes on from `progress` with the rows to commit now; null when every row of it has come. */
export type TieOutcome = { readonly rows: readonly Resource[]; readonly progress: TieProgress | null };

/** Stores rows that a step reads beside its last page. */
type Keep = (rows: readonly Resource[]) => void;

/** Asks the next page of a tie. */
export async function readTie(
  tie: TieProgress,
  context: string,
  pageSize: number,
  api: Api,
  keep: Keep,
): Promise<TieOutcome> {
  const instant = { context, archive: tie.source === "archive", from: tie.at, to: tie.at + 1 };
  const byCreation = async (): Promise<TieOutcome> => {
    await readByCreation(instant, pageSize, api, keep);
    return { rows: [], progress: null };
  };
  if (tie.page > MOST_PAGES) return byCreation();
  const page = await pageWithinCap(api, { ...instant, page: tie.page, pageSize });
  if (page === null) return byCreation();
  const size = Math.min(page.pageSize, pageSize);
  const ids = new Set(tie.page === 1 ? [] : tie.ids);
  for (const row of page.rows) ids.add(row.id);
  const total = tie.page === 1 ? page.total : tie.total;
  const restart = (): TieOutcome | Promise<TieOutcome> => {
    const restarts = tie.restarts + 1;
    if (restarts > RESTARTS) return byCreation();
    return { rows: page.rows, progress: { ...tie, page: 1, total: null, ids: [], restarts } };
  };
  if (page.timedOut || page.total !== total) return restart();
  if (total === null && page.rows.length >= size) {
    return { rows: page.rows, progress: { ...tie, page: tie.page + 1, total, ids: [...ids] } };
  }
  if (total === null || ids.size + page.rejected >= total) return { rows: page.rows, progress: null };
  if (page.rows.length < size) return restart();
  if (total > MOST_PAGES * size) return byCreation();
  return { rows: page.rows, progress: { ...tie, page: tie.page + 1, total, ids: [...ids] } };
}

/**
 * One page, or null when it lies beyond what can be paged to. That may be less than documented (others
 * report 10,000 rows), and shows as a 400 for a page after the first.
 */
async function pageWithinCap(api: Api, request: SearchRequest): Promise<Page | null> {
  try {
    return await api.search(request);
  } catch (error) {
    if (request.page > 1 && error instanceof AppError && error.status === 400) return null;
    throw error;
  }
}

type Instant = { context: string; archive: boolean; from: number; to: number };

/** Reads the rows of one `updatedAt` in ascending `createdAt`, as a range is read in ascending `updatedAt`. */
async function readByCreation(instant: Instant, pageSize: number, api: Api, keep: Keep): Promise<void> {
  const open: Range[] = [{ from: EARLIEST, to: Number.POSITIVE_INFINITY }];
  let unsound = 0;
  for (let range = open.pop(); range !== undefined; range = open.pop()) {
    if (range.to - range.from <= 1) {
      await readPages({ ...instant, createdFrom: range.from, createdTo: range.to }, pageSize, api, keep);
      continue;
    }
    const page = await api.search({ ...instant, ...created(range), sort: "created_at", page: 1, pageSize });
    keep(page.rows);
    const proof = provePage(range, {
      times: page.rows.map((row) => createdAt(row)),
      total: page.total,
      pageSize: Math.min(page.pageSize, pageSize),
      timedOut: page.timedOut,
    });
    unsound = proof.kind === "unsound" ? unsound + 1 : 0;
    if (proof.kind === "all") continue;
    if (proof.kind === "through") open.push({ ...range, from: proof.last });
    else if (proof.kind === "tie") {
      open.push({ ...range, from: proof.at + 1 }, { from: proof.at, to: proof.at + 1 });
    } else if (proof.kind === "unsound" && unsound <= RESTARTS) open.push(range);
    else {
      const end = range.to === Number.POSITIVE_INFINITY ? Math.max(instant.to, range.from + 2) : range.to;
      const middle = Math.floor((range.from + end) / 2);
      open.push({ ...range, from: middle }, { ...range, to: middle });
    }
  }
}

/** Reads by page number what no time tells apart, until as many ids came as the API counts. */
async function readPages(
  request: Instant & { createdFrom: number; createdTo: number },
  pageSize: number,
  api: Api,
  keep: Keep,
): Promise<void> {
  let total: number | null = null;
  for (let attempt = 0; attempt <= RESTARTS; attempt += 1) {
    const ids = new Set<string>();
    for (let number = 1; number <= MOST_PAGES; number += 1) {
      const page = await pageWithinCap(api, { ...request, page: number, pageSize });
      if (page === null) break;
      keep(page.rows);
      for (const row of page.rows) ids.add(row.id);
      total = page.total;
      if (page.rows.length < Math.min(page.pageSize, pageSize)) break;
      if (total !== null && ids.size >= total) break;
    }
    if (total === null || ids.size >= total) return;
  }
  throw new AppError(
    "incomplete",
    `${total} rows share updatedAt ${formatTime(request.from)} and createdAt ${formatTime(request.createdFrom)}, ` +
      "more than a search can be made to list",
    { hint: "all other rows were read; tell Kustomer's support which instant it is" },
  );
}

function created(range: Range): { createdFrom: number; createdTo?: number } {
  return range.to === Number.POSITIVE_INFINITY
    ? { createdFrom: range.from }
    : { createdFrom: range.from, createdTo: range.to };
}

function createdAt(row: Resource): number | null {
  const value = row.attributes.createdAt;
  return typeof value === "string" ? parseTime(value) : null;
}
