/**
 * Reads a search stream: asks an open range for its first page in ascending order, commits the rows with
 * what the page proves, and goes on from there by time, never by page number, because a row that changes
 * while it is read would shift the pages and another be skipped. Only a tie is read by page number.
 */
import { counted } from "../lib/count.ts";
import { AppError } from "../lib/errors.ts";
import type { Resource } from "../lib/resource.ts";
import { formatTime } from "../lib/time.ts";
import type { SearchRead, Stream } from "../streams/define.ts";
import { afterRound, FIRST_ROUND, type Round } from "./full-read.ts";
import { type Piece, Pieces } from "./pieces.ts";
import { beginState, markRead, openRanges, type PlanOptions, zonesAt } from "./plan.ts";
import { createRangeAsker } from "./range-page.ts";
import { middleOf, type Range } from "./ranges.ts";
import type { Reader, ReaderContext, Step } from "./reader.ts";
import { scanList } from "./scan-list.ts";
import type { Seen } from "./sink.ts";
import { EARLIEST, encodeSearchState, type SearchState, type TieProgress } from "./stream-state.ts";
import { newTie, readTie } from "./tie.ts";

/** The most rows a search page holds (Kustomer's developer docs, "search"; a larger page size is clamped). */
export const PAGE_SIZE = 500;

/** A piece is split for an idle worker while it has this many pages left: a split may cost half a page. */
const WORTH_SPLITTING = 8 * PAGE_SIZE;

/** How often a page that is not whole is asked again before its range is halved. */
const UNSOUND_REPEATS = 3;

/**
 * What changed so long after the run's start is news, of which the next run hears. Less is not: the Date
 * header that told the start has no milliseconds, and the servers' clocks may differ.
 */
const NEWS_FROM_MS = 60_000;
/** What claims to have changed so long after the run's start has an odd date, and is no news. */
const NEWS_TO_MS = 86_400_000;

export function createSearchReader(
  stream: Stream,
  read: SearchRead,
  stored: SearchState | null,
  options: PlanOptions,
  context: ReaderContext,
): Reader {
  const zones = zonesAt(options.now);
  let state = beginState(stored, options);
  let round: Round = FIRST_ROUND;
  let serverTime = options.now;
  let scan: "none" | "due" | "busy" = "none";
  let failure: AppError | null = null;
  const lacks: AppError[] = [];
  const pieces = new Pieces();
  const ask = createRangeAsker(read.context, context.api);

  for (const source of ["search", "archive"] as const) {
    const open = openRanges(state, zones, source);
    if (source === "search" || read.old === "archive") {
      for (const range of open) pieces.add(source, range, PAGE_SIZE);
    } else if (open.length > 0) scan = "due";
  }
  for (const tie of state.ties) {
    const holder = pieces.holding(tie.source, tie.at);
    if (holder !== null) pieces.cutOutTie(holder, tie);
  }

  /** Commits rows, and the state after them unless it is null. */
  function commit(rows: readonly Resource[], next: SearchState | null, seen?: Seen["step"]): void {
    const step = seen ?? (state.full === null ? null : state.full.marked ? "continue" : "begin");
    const from = state.start <= EARLIEST ? null : state.start;
    const after = next === null ? null : { ...next, ties: pieces.ties() };
    context.commit(
      rows,
      after === null ? null : encodeSearchState(after),
      step === null ? {} : { seen: { step, from } },
    );
    state = after ?? state;
    if (state.full !== null) state = { ...state, full: { ...state.full, marked: true } };
  }

  function commitRead(piece: Piece, rows: readonly Resource[], range: Range): void {
    const next = markRead(state, zones, piece.source, range);
    pieces.prune(piece.source, openRanges(next, zones, piece.source));
    commit(rows, next);
    context.left(pieces.left());
  }

  async function readRange(piece: Piece): Promise<void> {
    const asked: Range = { from: piece.from, to: piece.to };
    const { page, proof, came, pageSize } = await ask({
      source: piece.source,
      range: asked,
      pageSize: piece.pageSize,
      settledBefore: state.horizon - options.lookbackMs,
    });
    serverTime = Math.max(serverTime, page.serverTime ?? serverTime);
    // Of a piece that was cut meanwhile, the count tells nothing.
    const counted = asked.to === piece.to ? page.total : piece.left;
    if (counted !== null) piece.left = Math.max(0, counted - came);
    if (!pieces.has(piece)) return commit(page.rows, null);
    if (proof.kind !== "unsound") piece.unsound = [];
    switch (proof.kind) {
      case "all":
        return commitRead(piece, page.rows, asked);
      case "through":
        if (isNews(asked, proof.last)) return leaveNews(piece, page.rows, asked);
        piece.pace = (proof.last - asked.from) / came;
        return commitRead(piece, page.rows, { ...asked, to: proof.last });
      case "tie":
        if (isNews(asked, proof.at)) return leaveNews(piece, page.rows, asked);
        // Cut out before the commit, so that the next run knows of it and need not ask again to find it.
        if (pieces.holding(piece.source, proof.at) === piece) {
          pieces.cutOutTie(piece, newTie(piece.source, proof.at, pageSize));
        }
        return commit(page.rows, state);
      case "unsound":
        // What came is good; it only does not prove anything.
        commit(page.rows, null);
        return repeat(piece, page.timedOut || page.next === null ? 0 : came, proof.why);
      case "unsorted":
        commit(page.rows, null);
        if (!narrow(piece)) pieces.cutOutTie(piece, newTie(piece.source, piece.from, pageSize));
    }
  }

  /** The last range has no end. To follow what changes while the run goes on could go on for ever. */
  function leaveNews(piece: Piece, rows: readonly Resource[], asked: Range): void {
    round = { ...round, leftNews: true };
    commitRead(piece, rows, asked);
  }

  function isNews(asked: Range, last: number): boolean {
    const endless = asked.to === Number.POSITIVE_INFINITY;
    return endless && last > state.horizon + NEWS_FROM_MS && last < state.horizon + NEWS_TO_MS;
  }

  /** Asks a page that was not whole again; one that stays so, in smaller pages or in smaller ranges. */
  function repeat(piece: Piece, came: number, why: string): void {
    piece.unsound.push(came);
    if (piece.unsound.length <= UNSOUND_REPEATS) return;
    const isClamped = came > 0 && piece.unsound.every((other) => other === came);
    piece.unsound = [];
    // "pageSize above the max is clamped silently" (singer-io/tap-kustomer, PR #15): the same count each time.
    if (isClamped) piece.pageSize = came;
    else if (!narrow(piece)) {
      throw new AppError("incomplete", `${why}, again and again, for ${formatTime(piece.from)}`, {
        hint: "run sync again later: all other rows are read",
      });
    }
  }

  /** Halves a piece that can be read only when it fits one page; false when it is one millisecond already. */
  function narrow(piece: Piece): boolean {
    const middle = middleOf(piece, state.horizon);
    return middle !== null && pieces.cut(piece, middle) !== null;
  }

  async function readTiePage(piece: Piece, tie: TieProgress): Promise<void> {
    const { rows, progress, failure: why } = await readTie(tie, read.context, context.api);
    if (progress === null) return commitRead(piece, rows, { from: tie.at, to: tie.at + 1 });
    piece.tie = progress;
    if (why !== null) {
      failure ??= why.located(stream.name);
      piece.unreadable += 1;
    }
    piece.failed = piece.unreadable > 0 && (progress.created ?? []).length <= piece.unreadable;
    commit(rows, state);
  }

  async function readOldList(path: string): Promise<void> {
    const keep = (rows: readonly Resource[]) => commit(rows, null);
    const outcome = await scanList(state.scan, { path, api: context.api, now: context.now, keep });
    const { rows, progress, startedAt } = outcome;
    if (progress === null) {
      commit(
        rows,
        markRead({ ...state, scan: null }, zones, "archive", { from: state.start, to: startedAt }),
      );
      scan = "none";
      return;
    }
    commit(rows, { ...state, scan: progress });
    scan = "due";
    if (progress.nextPage > 0) return;
    scan = "none";
    lack(new AppError("api", progress.refused ?? ""));
  }

  function lack(error: AppError): void {
    lacks.push(
      new AppError(error.code, `rows last changed over two years ago were refused: ${error.message}`, {
        at: stream.name,
        status: error.status,
        said: error.said,
        hint: "ask Kustomer for access to the archive, or leave old rows out with --start-date",
      }),
    );
  }

  /** Runs a piece of work on the old rows; where Kustomer refuses them, the rest of the stream goes on. */
  async function orLack(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error.code === "incomplete" && scan === "busy") {
        scan = "none";
        lacks.push(error.located(stream.name));
        return;
      }
      if (![400, 401, 403, 404].includes(error.status ?? 0)) throw error;
      const judged = error.status === 401 || error.status === 403 ? await context.denied(error) : error;
      if (judged.recovery === "stop") throw judged;
      if (scan === "busy") scan = "none";
      pieces.remove((piece) => piece.source === "archive");
      if (lacks.length === 0) lack(judged);
    }
  }

  function stepOf(piece: Piece): Step {
    piece.busy = true;
    return async () => {
      const work = piece.tie === null ? readRange(piece) : readTiePage(piece, piece.tie);
      try {
        await (piece.source === "archive" ? orLack(work) : work);
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== "incomplete") throw error;
        piece.failed = true;
        failure ??= error.located(stream.name);
      } finally {
        piece.busy = false;
      }
      endFullRead();
    };
  }

  function isRead(): boolean {
    return scan === "none" && pieces.finished();
  }

  /** Once all is read, looks again for what a full read did not see, or marks it deleted. */
  function endFullRead(): void {
    if (state.full === null || context.countUnseen === null) return;
    if (!isRead() || failure !== null || lacks.length > 0) return;
    const unseen = context.countUnseen(state.start <= EARLIEST ? null : state.start);
    const then = afterRound(round, unseen);
    if (then === "end") {
      markUnseen();
    } else if (then === "later") {
      lacks.push(
        new AppError(
          "incomplete",
          `${counted(unseen, "row")} did not come again, while others kept changing`,
          {
            at: stream.name,
            hint: "run sync again at a quieter time: they stay as they are until then",
          },
        ),
      );
    } else {
      round = { number: round.number + 1, unseen, leftNews: false };
      state = beginState(state, { ...options, full: false, now: serverTime });
      for (const range of openRanges(state, zones, "search")) pieces.add("search", range, PAGE_SIZE);
    }
  }

  function markUnseen(): void {
    const ended = { ...state, full: null, fullReadAt: state.full?.startedAt ?? null };
    try {
      commit([], ended, "end");
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "sweep-refused") throw error;
      // What was seen may be wrong, so that another full read has to begin from nothing.
      state = { ...ended, fullReadAt: null };
      commit([], state);
      lacks.push(error.located(stream.name));
    }
  }

  return {
    stream,
    begin() {
      if (state.full !== null && !state.full.marked) commit([], state);
    },
    take() {
      if (scan === "due" && read.old !== "archive") {
        scan = "busy";
        const { list } = read.old;
        return async () => {
          await orLack(readOldList(list));
          endFullRead();
        };
      }
      const piece = pieces.idle();
      return piece === null ? null : stepOf(piece);
    },
    split() {
      const piece = pieces.largest(WORTH_SPLITTING);
      if (piece === null) return null;
      const later = pieces.split(piece, state.horizon);
      return later === null ? null : stepOf(later);
    },
    finished: isRead,
    lacks: () => lacks,
    failure: () => failure,
  };
}
