/**
 * Reads the old rows of a stream that the archive search does not know from its list, which is in the order of
 * creation: those that were changed last over two years ago were made before that, so it is read up to there, and
 * not again what the search brings. It is read from the later pages to the first: rows that vanish meanwhile move
 * those behind them to earlier pages, which are still to be read, so that none is ever skipped.
 */
import type { Page } from "../kustomer/search.ts";
import { firstKeptOut } from "../kustomer/shapes.ts";
import { AppError } from "../lib/errors.ts";
import type { Resource } from "../lib/resource.ts";
import { parseTime } from "../lib/time.ts";
import { type Clocks, earliestOf, latestOf } from "./clocks.ts";
import { borderOf, LISTED_BEYOND_MS } from "./plan.ts";
import type { Api } from "./reader.ts";
import type { ScanProgress } from "./stream-state.ts";

/** The most rows a page of these lists holds (Kustomer's developer docs, "pagination"). */
export const LIST_PAGE_SIZE = 100;

/** How often a page is asked that holds fewer rows than it should and yet names a next one. */
const ASKED_AT_MOST = 3;

/** To look for the page to begin with among fewer costs more than to read them. */
const FEW_PAGES = 3;

/** A list of more pages than this has no end. */
const MOST_PAGES = 200_000;

export type OldList = {
  readonly path: string;
  readonly api: Api;
  readonly clocks: Clocks;
  /** Stores rows that are met on the way to where the reading begins. */
  readonly keep: (rows: readonly Resource[]) => Promise<void>;
  /** True to read it to its very end, whatever the search brings. */
  readonly isWhole: boolean;
};

export type OldListOutcome = {
  readonly rows: readonly Resource[];
  /** Where to go on; null when all of it was read. With no next page, not all of it came. */
  readonly progress: ScanProgress | null;
};

/** Asks the page before the one asked last, or finds the one to begin with. */
export async function readOldList(stored: ScanProgress | null, list: OldList): Promise<OldListOutcome> {
  if (stored?.nextPage === 0) return { rows: [], progress: stored };
  const { number, refused, page } =
    stored === null
      ? await findStart(list)
      : { number: stored.nextPage, refused: stored.refused, page: null };
  const read = page ?? (await askPage(number, list));
  const { rows } = read;
  const startedAt = stored?.startedAt ?? earliestOf(list.clocks);
  const unkept = stored?.unkept ?? firstKeptOut(read)?.why;
  const isRead = number === 1 && refused === null && unkept === undefined;
  return { rows, progress: isRead ? null : { nextPage: number - 1, startedAt, refused, unkept } };
}

/** Whether the list goes on after so many rows with one that was made before an instant (ms). */
export async function hasOldRowAfter(count: number, before: number, list: OldList): Promise<boolean> {
  let size = LIST_PAGE_SIZE;
  for (;;) {
    const page = await askPage(Math.floor(count / size) + 1, list);
    const given = sizeOf(page);
    if (given >= size) return page.rows.slice(count % size).some((row) => madeAt(row) < before);
    size = given;
  }
}

/** How many rows a page of this list holds, whatever was asked for. */
function sizeOf(page: Page): number {
  const came = page.rows.length + page.rejected;
  return Math.min(page.pageSize, hasNext(page) ? came : LIST_PAGE_SIZE);
}

/** When a row was made (ms): an id of Kustomer's begins with it; what calls itself `createdAt` can be set by anybody. */
export function madeAt({ id, attributes: { createdAt } }: Resource): number {
  if (/^[0-9a-f]{24}$/.test(id)) return Number.parseInt(id.slice(0, 8), 16) * 1_000;
  return typeof createdAt === "string" ? (parseTime(createdAt) ?? Number.NaN) : Number.NaN;
}

/** Where the reading begins, with the page itself: what moves onto it later is young, or was behind the end. */
type Start = { readonly number: number; readonly refused: string | null; readonly page: Page };

/** What a page says about where to begin. */
type Place = "before" | "here" | "beyond" | "end";

/**
 * Finds the page to begin with: the last that holds a row made over two years ago. Lists may be cut off like
 * searches (AWS Glue's documentation: 10,000 rows); then it is the last that can be had, and `refused` says so.
 */
async function findStart(list: OldList): Promise<Start> {
  const young = list.isWhole ? Number.POSITIVE_INFINITY : borderOf(latestOf(list.clocks)) + LISTED_BEYOND_MS;
  const first = await askPage(1, list);
  let low = { number: 1, page: first };
  let high: { readonly number: number; readonly made: number } | null = null;
  let refused: string | null = null;
  let guess = guessFrom(first, young);
  const isFound = () =>
    high !== null && high.number - low.number <= (Number.isFinite(high.made) ? FEW_PAGES : 1);
  while (placeOf(low.page, young) === "before" && !isFound()) {
    if (guess > MOST_PAGES)
      throw new AppError("api", `${list.path} has no end: page ${guess} of it has rows`);
    const page = await askGuess(guess);
    const place = page === null ? "end" : placeOf(page, young);
    if (page === null || place === "end") high = { number: guess, made: Number.POSITIVE_INFINITY };
    else if (page.rows[0]?.id === first.rows[0]?.id) {
      throw new AppError("shape", `page ${guess} of ${list.path} is its first page again`);
    } else if (place === "beyond") {
      refused = null;
      high = { number: guess, made: madeAt(page.rows[0]!) };
    } else low = { number: guess, page };
    guess = nextGuess();
  }
  const isBefore = placeOf(low.page, young) === "before";
  if (isBefore && high !== null && high.number - low.number > 1) {
    const number = high.number - 1;
    return { number, page: await askPage(number, list), refused: null };
  }
  return { ...low, refused: isBefore ? refused : null };

  async function askGuess(number: number): Promise<Page | null> {
    try {
      const page = await askPage(number, list);
      await list.keep(page.rows);
      return page;
    } catch (error) {
      if (!(error instanceof AppError) || error.status !== 400) throw error;
      refused = error.report().message;
      return null;
    }
  }

  /** Between the pages that are known, where the border lies if rows were made at an even pace; else twice as far. */
  function nextGuess(): number {
    if (high === null) return low.number * 2;
    const from = madeAt(low.page.rows.at(-1)!);
    const share = Number.isFinite(high.made) && high.made > from ? (young - from) / (high.made - from) : 0.5;
    const guess = low.number + Math.round((high.number - low.number) * share);
    return Math.min(high.number - 1, Math.max(low.number + 1, guess));
  }
}

/** Where the border may lie by the pace of the first page. */
function guessFrom({ rows }: Page, young: number): number {
  if (rows.length < 2) return 2;
  const [from, to] = [madeAt(rows[0]!), madeAt(rows.at(-1)!)];
  const pages = (young - from) / (to - from);
  return Number.isFinite(pages) ? Math.min(Math.max(2, Math.round(pages)), 64) : 2;
}

function placeOf(page: Page, young: number): Place {
  if (page.rows.length + page.rejected === 0) return "end";
  const [first, last] = [page.rows[0], page.rows.at(-1)];
  if (first === undefined || last === undefined) return "here";
  if (madeAt(first) >= young) return "beyond";
  if (!hasNext(page)) return "here";
  return madeAt(last) >= young ? "here" : "before";
}

async function askPage(number: number, { path, api, keep }: OldList): Promise<Page> {
  const query = { sort: "asc", page: String(number), pageSize: String(LIST_PAGE_SIZE) };
  let page = await api.list({ path, query });
  for (let asked = 1; asked < ASKED_AT_MOST && isShort(page); asked += 1) {
    await keep(page.rows);
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
