/**
 * Reads a search stream: asks an open range for its first page in ascending order, commits the rows with
 * what the page proves, and goes on from there by time, never by page number, because a row that changes
 * while it is read would shift the pages and another be skipped. Only a tie is read by page number.
 */
import { AppError } from "../lib/errors.ts";
import type { Resource } from "../lib/resource.ts";
import { formatTime, parseTime } from "../lib/time.ts";
import type { SearchRead, Stream } from "../streams/define.ts";
import { provePage } from "./page-proof.ts";
import { type Piece, Pieces } from "./pieces.ts";
import { markRead, openRanges, type Zones } from "./plan.ts";
import type { Range } from "./ranges.ts";
import type { Reader, ReaderContext, Step } from "./reader.ts";
import { scanList } from "./scan-list.ts";
import { encodeSearchState, type SearchState, type TieProgress } from "./stream-state.ts";
import { readTie } from "./tie.ts";

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
  initial: SearchState,
  zones: Zones,
  context: ReaderContext,
): Reader {
  let state = initial;
  let scan: "none" | "due" | "busy" = "none";
  const lacks: AppError[] = [];
  const pieces = new Pieces();

  for (const source of ["search", "archive"] as const) {
    const open = openRanges(state, zones, source);
    if (source === "search" || read.old === "archive") for (const range of open) pieces.add(source, range);
    else if (open.length > 0) scan = "due";
  }
  for (const tie of state.ties) {
    const holder = pieces.holding(tie.source, tie.at);
    if (holder !== null) pieces.cutOutTie(holder, tie);
  }

  const commit = (rows: readonly Resource[], next: SearchState) => {
    context.commit(rows, encodeSearchState(next));
    state = next;
  };

  const commitRead = (piece: Piece, rows: readonly Resource[], range: Range) => {
    commit(rows, markRead(state, zones, piece.source, range));
    pieces.prune(piece.source, state.done[piece.source]);
    context.left(pieces.left());
  };

  async function readRange(piece: Piece): Promise<void> {
    const asked: Range = { from: piece.from, to: piece.to };
    const page = await context.api.search({
      context: read.context,
      archive: piece.source === "archive",
      from: asked.from,
      to: asked.to === Number.POSITIVE_INFINITY ? null : asked.to,
      page: 1,
      pageSize: PAGE_SIZE,
    });
    if (page.total !== null) piece.left = Math.max(0, page.total - page.rows.length - page.rejected);
    const proof = provePage(asked, {
      times: [...page.rows.map((row) => updatedAt(row)), ...Array<null>(page.rejected).fill(null)],
      total: page.total,
      pageSize: Math.min(page.pageSize, PAGE_SIZE),
      timedOut: page.timedOut,
    });
    if (!pieces.has(piece)) return context.commit(page.rows, null);
    switch (proof.kind) {
      case "all":
        return commitRead(piece, page.rows, asked);
      case "through":
        // The last range has no end. To follow what changes while the run goes on could go on for ever.
        return commitRead(piece, page.rows, isNews(asked, proof.last) ? asked : { ...asked, to: proof.last });
      case "tie": {
        // Known to the next run too, which need not ask again to find it.
        const tie = newTie(piece, proof.at);
        state = { ...state, ties: [...state.ties, tie] };
        commitRead(piece, page.rows, { ...asked, to: proof.at });
        return pieces.cutOutTie(piece, tie);
      }
      case "unsound":
        piece.unsound += 1;
        // What came is good; it only does not prove anything.
        context.commit(page.rows, null);
        if (piece.unsound <= UNSOUND_REPEATS) return;
        piece.unsound = 0;
        if (narrow(piece)) return;
        throw new AppError("incomplete", `${proof.why}, again and again, for ${formatTime(asked.from)}`, {
          hint: "run sync again later: what was read so far is kept",
        });
      case "unsorted":
        context.commit(page.rows, null);
        if (!narrow(piece)) pieces.cutOutTie(piece, newTie(piece, piece.from));
    }
  }

  function isNews(asked: Range, last: number): boolean {
    const endless = asked.to === Number.POSITIVE_INFINITY;
    return endless && last > state.horizon + NEWS_FROM_MS && last < state.horizon + NEWS_TO_MS;
  }

  /** Halves a piece that can be read only when it fits one page; false when it is one millisecond already. */
  function narrow(piece: Piece): boolean {
    if (piece.to !== Number.POSITIVE_INFINITY) {
      return pieces.cut(piece, Math.floor((piece.from + piece.to) / 2)) !== null;
    }
    // Beyond the horizon there is no middle: a day, and then what lies after it.
    return pieces.cut(piece, Math.max(state.horizon, piece.from + NEWS_TO_MS)) !== null;
  }

  async function readTiePage(piece: Piece, tie: TieProgress): Promise<void> {
    const outcome = await readTie(tie, read.context, PAGE_SIZE, context.api, (rows) =>
      context.commit(rows, null),
    );
    const others = state.ties.filter((other) => other.source !== tie.source || other.at !== tie.at);
    if (outcome.progress === null) {
      state = { ...state, ties: others };
      commitRead(piece, outcome.rows, { from: tie.at, to: tie.at + 1 });
    } else {
      commit(outcome.rows, { ...state, ties: [...others, outcome.progress] });
      piece.tie = outcome.progress;
    }
  }

  async function readOldList(path: string): Promise<void> {
    const outcome = await scanList(path, state.scan, context.api, context.now);
    if (outcome.progress === null) {
      const read = { from: state.start, to: outcome.startedAt };
      commit(outcome.rows, markRead({ ...state, scan: null }, zones, "archive", read));
      scan = "none";
    } else {
      commit(outcome.rows, { ...state, scan: outcome.progress });
      scan = "due";
    }
  }

  /** Runs a piece of work on the old rows; where Kustomer refuses them, the rest of the stream goes on. */
  async function orLack(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (!(error instanceof AppError) || ![400, 403, 404].includes(error.status ?? 0)) throw error;
      scan = "none";
      pieces.remove((piece) => piece.source === "archive");
      lacks.push(
        new AppError(error.code, `rows last changed over two years ago were refused: ${error.message}`, {
          at: stream.name,
          status: error.status,
          said: error.said,
          hint: "ask Kustomer for access to the archive, or leave old rows out with --start-date",
        }),
      );
    }
  }

  function stepOf(piece: Piece): Step {
    piece.busy = true;
    return async () => {
      const work = piece.tie === null ? readRange(piece) : readTiePage(piece, piece.tie);
      try {
        await (piece.source === "archive" ? orLack(work) : work);
      } finally {
        piece.busy = false;
      }
    };
  }

  return {
    stream,
    take() {
      if (scan === "due" && read.old !== "archive") {
        scan = "busy";
        const { list } = read.old;
        return () => orLack(readOldList(list));
      }
      const piece = pieces.idle();
      return piece === null ? null : stepOf(piece);
    },
    split() {
      const piece = pieces.largest(WORTH_SPLITTING);
      if (piece === null) return null;
      const later = pieces.cut(piece, Math.floor((piece.from + Math.min(piece.to, state.horizon)) / 2));
      return later === null ? null : stepOf(later);
    },
    finished: () => scan === "none" && pieces.empty(),
    lacks: () => lacks,
  };
}

function updatedAt(row: Resource): number | null {
  const value = row.attributes.updatedAt;
  return typeof value === "string" ? parseTime(value) : null;
}

function newTie(piece: Piece, at: number): TieProgress {
  return { source: piece.source, at, page: 1, total: null, ids: [], restarts: 0 };
}
