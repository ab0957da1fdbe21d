/**
 * Reads the rows that share one `updatedAt` (a bulk edit leaves thousands): by page number, because time
 * cannot tell them apart, and believed only when as many different ids came as the API counts, and the
 * count held still. What page numbers cannot reach, or cannot be trusted to, is split by `createdAt`.
 */
import type { Page, SearchRequest } from "../kustomer/search.ts";
import { AppError } from "../lib/errors.ts";
import type { Resource } from "../lib/resource.ts";
import { formatTime, parseTime } from "../lib/time.ts";
import { type GivenRow, provePage } from "./page-proof.ts";
import { medianOf, middleOf, type Range, type Ranges } from "./ranges.ts";
import type { Api } from "./reader.ts";
import { EARLIEST, newTie, TIE_BEGINNING, type TieProgress } from "./stream-state.ts";

/** Search serves this many pages and no more (Kustomer's reference for create-customer-search). */
const MOST_PAGES = 100;

/** How often what is being read is begun again before it is split. */
const RESTARTS = 5;

const EVER: Range = { from: EARLIEST, to: Date.UTC(9999, 11, 31) };

export type TieOutcome = {
  /** The rows to commit now. */
  readonly rows: readonly Resource[];
  /** How a tie goes on; null when every row of it has come. */
  readonly progress: TieProgress | null;
  /** Why what was being read cannot be; it is put off behind the rest of the tie. Null when it can. */
  readonly failure: AppError | null;
};

/**
 * Asks the next page of a tie. `held` tells how many rows of its instant the destination has, which stands for the
 * ids of pages that a run before read; null where that cannot be told, and they are read again.
 */
export async function readTie(
  stored: TieProgress,
  context: string,
  api: Api,
  held: (() => number) | null,
): Promise<TieOutcome> {
  const isKnown = stored.ids !== null || (held !== null && stored.created === null);
  const tie = isKnown ? stored : { ...stored, ...TIE_BEGINNING };
  const instant = { context, archive: tie.source === "archive", from: tie.at, to: tie.at + 1 };
  const slice = tie.created?.at(-1) ?? null;
  if (slice === null && tie.created !== null) return recount(tie, instant, api);
  if (slice === null) return readPage(tie, slice, instant, api, held);
  try {
    return isInstant(slice)
      ? await readPage(tie, slice, instant, api, null)
      : await readCreated(tie, slice, instant, api);
  } catch (error) {
    if (!(error instanceof AppError) || error.status !== 400) throw error;
    return giveUp(tie, [], `and asking for them by createdAt was refused: ${error.report().message}`);
  }
}

type Instant = { context: string; archive: boolean; from: number; to: number };

/** Reads the next page of all the tie, or of a slice of one millisecond. */
async function readPage(
  tie: TieProgress,
  slice: Range | null,
  instant: Instant,
  api: Api,
  held: (() => number) | null,
): Promise<TieOutcome> {
  const page = await pageWithinCap(api, {
    ...instant,
    ...created(slice),
    page: tie.page,
    pageSize: tie.pageSize,
  });
  if (page === null) {
    // What can be paged to ends just where the count says that the rows do.
    const came = (tie.ids?.size ?? 0) + tie.rejected;
    return tie.total !== null && came === tie.total ? finish(tie, slice, [], came) : divide(tie, slice, []);
  }
  const { rows } = page;
  const came = rows.length + page.rejected;
  const isFull = came >= Math.min(page.pageSize, tie.pageSize);
  const isElsewhere =
    slice === null
      ? isFull && isNowhere(rows, "updatedAt", tie.at)
      : isNowhere(rows, "createdAt", slice.from);
  if (isElsewhere && tie.restarts >= RESTARTS) {
    const how = slice === null ? "and asked for them" : "and asked for some of them by createdAt";
    return giveUp(tie, rows, `${how}, the search gives others`);
  }
  const behind = behindIn(rows, tie.at);
  const ids = tie.ids === null ? null : new Set([...tie.ids, ...rows.map(({ id }) => id)]);
  for (const { id } of behind) ids?.delete(id);
  const rejected = tie.rejected + page.rejected + behind.length;
  const total = tie.page === 1 ? page.total : tie.total;
  const isRepeated = rows.length > 0 && ids !== null && ids.size === tie.ids?.size;
  if (page.timedOut || page.total !== total || isElsewhere || isRepeated) return restart(tie, slice, rows);
  const goOn = (): TieOutcome => {
    const reachable = MOST_PAGES * Math.min(page.pageSize, tie.pageSize);
    if (tie.page >= MOST_PAGES || (slice === null && (total ?? 0) > reachable))
      return divide(tie, slice, rows);
    return { rows, progress: { ...tie, page: tie.page + 1, total, ids, rejected }, failure: null };
  };
  // What the destination has is exact once the rows of a page are committed: so the page after the last is asked too.
  const read = (ids?.size ?? held!()) + rejected;
  const isMore = isFull || (ids === null && came > 0);
  if (total === null) {
    const isEnd = came === 0 || (!isFull && page.next === null);
    if (isEnd) return finish({ ...tie, rejected }, slice, rows, read);
    // Nothing would tell that a row left and the others moved up.
    return slice === null ? divide(tie, slice, rows) : goOn();
  }
  // A count is one word, and may be wrong: only a page with room for more shows that there is no more.
  if (isMore) return goOn();
  return read >= total ? finish({ ...tie, rejected }, slice, rows, read) : restart(tie, slice, rows);
}

/** Reads a slice in ascending `createdAt`, as a range is read in ascending `updatedAt`. */
async function readCreated(tie: TieProgress, slice: Range, instant: Instant, api: Api): Promise<TieOutcome> {
  const { pageSize } = tie;
  const page = await api.search({ ...instant, ...created(slice), sort: "created_at", page: 1, pageSize });
  const { rows } = page;
  const isDoubtful = page.rejected > 0 || behindIn(rows, tie.at).length > 0;
  const times = rows.map(({ attributes }) => timeOf(attributes.createdAt));
  const given = rows.map(({ id }, place): GivenRow => ({ id, time: times[place]! }));
  const proof = provePage(slice, {
    rows: [...given, ...Array<GivenRow>(page.rejected).fill({ id: "", time: null })],
    total: page.total,
    pageSize: Math.min(page.pageSize, pageSize),
    timedOut: page.timedOut,
    isFixed: true,
  });
  const replace = (slices: Ranges, counted: number): TieOutcome => {
    const open = [...tie.created!.slice(0, -1), ...slices];
    return {
      rows,
      progress: { ...tie, ...TIE_BEGINNING, created: open, counted: tie.counted + counted },
      failure: null,
    };
  };
  switch (proof.kind) {
    case "all":
      return isDoubtful ? leave(tie, slice, rows) : replace([], times.length);
    case "through": {
      const last = proof.marks.at(-1)!.at;
      if (isDoubtful) return leave(tie, { ...slice, to: last }, rows, [{ ...slice, from: last }]);
      const before = times.filter((time) => time === null || time < last).length;
      return replace([{ ...slice, from: last }], before);
    }
    case "tie": {
      const parts = [
        { ...slice, from: proof.at + 1 },
        { ...slice, to: proof.at },
        { from: proof.at, to: proof.at + 1 },
      ];
      return replace(
        parts.filter(({ from, to }) => from < to),
        0,
      );
    }
    case "unsound":
      if (tie.restarts < RESTARTS) return restart(tie, slice, rows);
  }
  // Cut among what came, what does not come is soon told from it; each part need not be asked as often.
  const inside = times.flatMap((time) => (time !== null && time > slice.from && time < slice.to ? time : []));
  const middle = medianOf(inside) ?? middleOf(slice, slice.from)!;
  const outcome = replace(
    [
      { ...slice, from: middle },
      { ...slice, to: middle },
    ],
    0,
  );
  return {
    ...outcome,
    progress: { ...outcome.progress!, restarts: proof.kind === "unsound" ? RESTARTS - 1 : 0 },
  };
}

function restart(tie: TieProgress, slice: Range | null, rows: readonly Resource[]): TieOutcome {
  const restarts = tie.restarts + 1;
  const byPage = slice === null || isInstant(slice);
  if (byPage && restarts > RESTARTS) return divide(tie, slice, rows);
  return { rows, progress: { ...tie, ...TIE_BEGINNING, restarts }, failure: null };
}

/** What page numbers cannot read is read by creation; where that is one instant too, nothing is left to try. */
function divide(tie: TieProgress, slice: Range | null, rows: readonly Resource[]): TieOutcome {
  if (slice === null) return { rows, progress: { ...tie, ...TIE_BEGINNING, created: [EVER] }, failure: null };
  const total = tie.total ?? tie.ids?.size ?? 0;
  const failure = incomplete(
    `${total} rows share updatedAt ${formatTime(tie.at)} and createdAt ${formatTime(slice.from)}, ` +
      "more than a search can be made to list",
  );
  const created = [slice, ...tie.created!.slice(0, -1)];
  return { rows, progress: { ...tie, ...TIE_BEGINNING, created }, failure };
}

function finish(tie: TieProgress, slice: Range | null, rows: readonly Resource[], count: number): TieOutcome {
  if (tie.rejected > 0) return leave(tie, slice, rows);
  if (slice === null) return { rows, progress: null, failure: null };
  const counted = tie.counted + count;
  return {
    rows,
    progress: { ...tie, ...TIE_BEGINNING, created: tie.created!.slice(0, -1), counted },
    failure: null,
  };
}

/** Rows that do not say, or as they were before they changed at a tie's instant or later, or it would not find them. */
function behindIn(rows: readonly Resource[], at: number): readonly Resource[] {
  return rows.filter(({ attributes }) => (timeOf(attributes.updatedAt) ?? EARLIEST) < at);
}

/** Puts off what was read of a tie, as not all of it came as it is, and goes on with `rest`; it is read once more before. */
function leave(
  tie: TieProgress,
  slice: Range | null,
  rows: readonly Resource[],
  rest: Ranges = [],
): TieOutcome {
  if (tie.restarts === 0) return restart(tie, slice, rows);
  const why = "of which some cannot be kept, or came as they were before they last changed";
  if (slice === null) return giveUp(tie, rows, why);
  const created = [slice, ...tie.created!.slice(0, -1), ...rest];
  const failure = incomplete(`${tie.total ?? "many"} rows share updatedAt ${formatTime(tie.at)}, ${why}`);
  return { rows, progress: { ...tie, ...TIE_BEGINNING, created }, failure };
}

/** A row without `createdAt` is in no slice: all of them together must hold as many rows as the tie. */
async function recount(tie: TieProgress, instant: Instant, api: Api): Promise<TieOutcome> {
  const { rows, total } = await api.search({ ...instant, page: 1, pageSize: tie.pageSize });
  if (total === null || tie.counted >= total) return { rows, progress: null, failure: null };
  return giveUp({ ...tie, total }, rows, `and only ${tie.counted} of them have a createdAt to be found by`);
}

/** Leaves a tie to the next run, which begins it anew. */
function giveUp(tie: TieProgress, rows: readonly Resource[], why: string): TieOutcome {
  const failure = incomplete(`${tie.total ?? "too many"} rows share updatedAt ${formatTime(tie.at)}, ${why}`);
  return { rows, progress: newTie(tie.source, tie.at, tie.pageSize), failure };
}

function incomplete(message: string): AppError {
  const hint = "all other rows are read; tell Kustomer's support which instant it is";
  return new AppError("incomplete", message, { hint });
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

function isInstant({ from, to }: Range): boolean {
  return to - from === 1;
}

/** True when rows came, and none of those that tell has this instant. */
function isNowhere(
  rows: readonly Resource[],
  attribute: "createdAt" | "updatedAt",
  instant: number,
): boolean {
  const times = rows.map(({ attributes }) => timeOf(attributes[attribute])).filter((time) => time !== null);
  return times.length > 0 && times.every((time) => time !== instant);
}

function created(slice: Range | null): { createdFrom?: number; createdTo?: number } {
  return slice === null ? {} : { createdFrom: slice.from, createdTo: slice.to };
}

function timeOf(value: unknown): number | null {
  return typeof value === "string" ? parseTime(value) : null;
}
