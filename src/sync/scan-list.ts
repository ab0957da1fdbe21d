/**
 * Reads a whole list in ascending id order, for the old rows of a stream that the archive search does not
 * know. It is read from its last page to its first: rows that vanish meanwhile move those behind them to
 * earlier pages, which are still to be read, and new rows come at the end, so that none is ever skipped.
 */
import type { Page } from "../kustomer/search.ts";
import { AppError } from "../lib/errors.ts";
import type { Resource } from "../lib/resource.ts";
import { parseTime } from "../lib/time.ts";
import type { Api } from "./reader.ts";
import type { ScanProgress } from "./stream-state.ts";

/** The most rows a page of these lists holds (Kustomer's developer docs, "pagination"). */
const LIST_PAGE_SIZE = 100;

/** How often a page is asked that holds fewer rows than it should and yet names a next one. */
const ASKED_AT_MOST = 3;

export type Scan = {
  readonly path: string;
  readonly api: Api;
  /** The server's clock at the start of the run, ms. */
  readonly now: number;
  /** Stores rows that are met on the way to the last page. */
  readonly keep: (rows: readonly Resource[]) => void;
};

export type ScanOutcome = {
  readonly rows: readonly Resource[];
  /** Where to go on; null when the list was read whole. */
  readonly progress: ScanProgress | null;
  /** The server's clock when the reading began: what changed before it, and is old, has been seen. */
  readonly startedAt: number;
};

/** Asks the page before the one asked last, or finds the last one. */
export async function scanList(stored: ScanProgress | null, scan: Scan): Promise<ScanOutcome> {
  if (stored?.nextPage === 0) return { rows: [], progress: stored, startedAt: stored.startedAt };
  const { number, refused, page } =
    stored === null ? await findLast(scan) : { number: stored.nextPage, refused: stored.refused, page: null };
  const { rows } = page ?? (await askPage(number, scan));
  const startedAt = stored?.startedAt ?? scan.now;
  const isRead = number === 1 && refused === null;
  return { rows, progress: isRead ? null : { nextPage: number - 1, startedAt, refused }, startedAt };
}

/** `page` is null where rows may have moved onto it since it was asked. */
type Last = { readonly number: number; readonly refused: string | null; readonly page: Page | null };

/**
 * Finds the last page that holds a row, by doubling and then halving. Lists may be cut off like searches (AWS
 * Glue's documentation: 10,000 rows); then it is the last that can be had, and `refused` says so.
 */
async function findLast(scan: Scan): Promise<Last> {
  const first = await askPage(1, scan);
  let last = 1;
  let lastPage = first;
  let beyond = hasNext(first) ? null : 2;
  let refused: string | null = null;
  while (beyond === null || beyond - last > 1) {
    const number: number = beyond === null ? last * 2 : Math.floor((last + beyond) / 2);
    let page: Page | null = null;
    try {
      page = await askPage(number, scan);
      scan.keep(page.rows);
    } catch (error) {
      if (!(error instanceof AppError) || error.status !== 400) throw error;
      refused = error.report().message;
    }
    if (page === null || page.rows.length + page.rejected === 0) beyond = number;
    else if (page.rows[0]?.id === first.rows[0]?.id) {
      throw new AppError("shape", `page ${number} of ${scan.path} is its first page again`);
    } else {
      last = number;
      lastPage = page;
      if (!hasNext(page)) beyond = number + 1;
    }
  }
  return { number: last, refused, page: hasNext(lastPage) ? null : lastPage };
}

async function askPage(number: number, { path, api, keep }: Scan): Promise<Page> {
  const query = { sort: "asc", page: String(number), pageSize: String(LIST_PAGE_SIZE) };
  let page = await api.list({ path, query });
  for (let asked = 1; asked < ASKED_AT_MOST && isShort(page); asked += 1) {
    keep(page.rows);
    page = await api.list({ path, query });
  }
  if (!isAscending(page.rows)) {
    throw new AppError("incomplete", `${path} is not in the order in which its rows were created`, {
      hint: "rows last changed over two years ago cannot all be read; the others are",
    });
  }
  return page;
}

function hasNext({ rows, rejected, next }: Page): boolean {
  return next !== null && rows.length + rejected > 0;
}

/** A page that holds less than a page, and yet is not the last one. */
function isShort(page: Page): boolean {
  return hasNext(page) && page.rows.length + page.rejected < Math.min(page.pageSize, LIST_PAGE_SIZE);
}

/** True when a page is in the order of its ids, which begin with the time of creation, or of `createdAt`. */
function isAscending(rows: readonly Resource[]): boolean {
  const ascends = <T extends string | number>(keys: readonly T[]) =>
    keys.every((key, at) => at === 0 || key >= keys[at - 1]!);
  const times = rows.map(({ attributes: { createdAt } }) =>
    typeof createdAt === "string" ? (parseTime(createdAt) ?? Number.NaN) : Number.NaN,
  );
  return ascends(rows.map(({ id }) => id)) || ascends(times);
}
