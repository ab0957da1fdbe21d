/**
 * Reads a search stream: its open ranges, the ties in them, and the old rows that the search leaves out; and when all
 * of it is read, closes the reading. It hands out one piece of work at a time to each worker that asks.
 */
import type { Page } from "../../kustomer/search.ts";
import { AppError } from "../../lib/errors.ts";
import { formatTime } from "../../lib/time.ts";
import type { SearchRead, Stream } from "../../streams/define.ts";
import { earliestOf } from "../clocks.ts";
import { closeReading } from "../close-reading.ts";
import { Ledger, PAGE_SIZE } from "../ledger.ts";
import { OldRows } from "../old-rows.ts";
import { Patience } from "../patience.ts";
import type { Piece } from "../pieces.ts";
import { cutBack, isFullReadUnderWay } from "../plan.ts";
import { RangeReader } from "../range-reader.ts";
import { intersect, type Range } from "../ranges.ts";
import type { Reader, ReaderContext, Step } from "../reader.ts";
import { decodeSearchState, encodeSearchState } from "../state-codec.ts";
import { EARLIEST, type OldState, type SearchState, type TieProgress } from "../stream-state.ts";
import { readTie } from "../tie.ts";
import type { ReaderOptions, Way } from "./way.ts";

/** A piece is split for an idle worker while it has this many pages left: a split may cost half a page. */
const WORTH_SPLITTING = 16 * PAGE_SIZE;

/** How streams are read that a search finds, by ranges of the time of their last change. */
export function readBySearch(read: SearchRead): Way {
  return {
    words: ["search", "search"],
    createReader: (stream, stored, options, context) => {
      const known = decodeSearchState(stream.name, stored);
      // Where nothing is noted as seen, nothing tells how a full read that was interrupted goes on.
      const canTell = context.gone !== null;
      const state = options.full && !canTell ? null : known;
      return createReader(stream, read, state, { ...options, full: options.full && canTell }, context);
    },
    probe: (api) =>
      api.search({ context: read.context, archive: false, from: 0, to: null, page: 1, pageSize: 1 }),
    heldFrom: (stream, stored) => {
      const state = decodeSearchState(stream.name, stored);
      if (state === null) return null;
      const [first] = intersect(state.done.search, state.done.archive);
      const from = Math.min(state.start, first?.from ?? state.start);
      return from <= EARLIEST ? null : from;
    },
    fullReadSince: (stream, stored, clocks) => {
      const state = decodeSearchState(stream.name, stored);
      return state !== null && isFullReadUnderWay(state, clocks) ? state.full!.startedAt : null;
    },
    repairedState: (stream, stored, clocks, newest) => {
      const state = decodeSearchState(stream.name, stored);
      const repaired = state === null ? null : cutBack(state, clocks, newest);
      return repaired === null ? null : encodeSearchState(repaired, earliestOf(clocks));
    },
  };
}

function createReader(
  stream: Stream,
  read: SearchRead,
  stored: SearchState | OldState | null,
  options: ReaderOptions,
  context: ReaderContext,
): Reader {
  const { clocks } = options;
  const path = read.old === "archive" ? null : read.old.list;
  const ledger = new Ledger(stored, options, path !== null, context);
  const { pieces, evidence, begun, horizon } = ledger;
  const patience = new Patience();
  /** Why parts that came were left to the next run all the same. */
  const doubts: AppError[] = [];
  const doubt = (error: AppError) => void doubts.push(error.located(stream.name));
  const ranges = new RangeReader(read.context, context.api, ledger, patience, clocks, doubt);
  const old = new OldRows(stream.name, path, { ledger, context, clocks });
  let failure: AppError | null = null;
  let closing: ReturnType<typeof closeReading> | null = null;
  let end: "due" | "busy" | "done" = "due";

  async function readTiePage(piece: Piece, tie: TieProgress): Promise<void> {
    const { counts } = context;
    const instant = { from: tie.at, to: tie.at + 1 };
    const held = counts === null ? null : () => counts.count(instant);
    const outcome = await readTie(tie, read.context, context.api, held);
    const { rows, progress } = outcome;
    if (rows.length > 0) evidence.showed(tie.at, []);
    if (progress === null) {
      patience.reward();
      return ledger.commitRead(piece.source, rows, instant);
    }
    // To get further and be thrown back, again and again, is to get nowhere.
    if (progress.counted > tie.counted) patience.reward();
    else if (progress.page <= tie.page) {
      patience.spend(`the rows of ${formatTime(tie.at)} did not come whole`);
    }
    piece.tie = progress;
    if (outcome.failure !== null) {
      failure ??= outcome.failure.located(stream.name);
      piece.unreadable += 1;
    }
    piece.failed = piece.unreadable > 0 && (progress.created ?? []).length <= piece.unreadable;
    return ledger.commit(rows, ledger.state);
  }

  function askPage(
    source: Piece["source"],
    { from, to }: Range,
    page: number,
    pageSize: number,
    liveOnly = false,
  ): Promise<Page> {
    return context.api.search({
      context: read.context,
      archive: source === "archive",
      from,
      to: to === Number.POSITIVE_INFINITY ? null : to,
      page,
      pageSize,
      liveOnly,
    });
  }

  function stepOf(piece: Piece): Step {
    piece.busy = true;
    return async () => {
      const work = piece.tie === null ? ranges.readRange(piece) : readTiePage(piece, piece.tie);
      try {
        await (piece.source === "archive" ? old.orLack(work) : work);
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== "incomplete") throw error;
        piece.failed = true;
        failure ??= error.located(stream.name);
      } finally {
        piece.busy = false;
      }
    };
  }

  function isRead(): boolean {
    return old.isRead && pieces.finished();
  }

  /** True where something did not come as it is: from what is not there, nothing can be concluded. */
  function isUnsure(): boolean {
    return failure !== null || doubts.length > 0;
  }

  /** Once all is read, goes on to close the reading, as far as it gets before a part is to be read again. */
  async function close(): Promise<void> {
    await old.settle();
    closing ??= closeReading(
      {
        stream: stream.name,
        options,
        context,
        evidence,
        hasArchive: path === null,
        isListLonger: path === null ? null : () => old.isListLonger(),
        state: () => ledger.state,
        commit: (rows, state, more) => ledger.commit(rows, state, more),
        ask: askPage,
        lack: (error) => void old.lacks.push(error.located(stream.name)),
        leftNews: () => ranges.takeLeftNews(),
      },
      !isUnsure() && old.lacks.length === 0,
    );
    const next = await closing.next(ledger.takeCame());
    end = next.done === true ? "done" : "due";
    if (next.done === true) return;
    const { source, ranges: again } = next.value;
    ledger.readAgain(source, again);
    if (source === "archive" && path !== null) old.readAgain();
  }

  return {
    stream,
    async begin() {
      const { full } = ledger.state;
      if (full !== null && !full.marked) await ledger.commit([], ledger.state);
    },
    take() {
      const page = old.take();
      if (page !== null) return page;
      const piece = pieces.idle(horizon > EARLIEST ? horizon : Number.POSITIVE_INFINITY);
      if (piece !== null) return stepOf(piece);
      if (end !== "due" || !isRead() || (isUnsure() && closing !== null)) return null;
      end = "busy";
      return close;
    },
    split() {
      const piece = pieces.largest(WORTH_SPLITTING);
      if (piece === null) return null;
      const later = pieces.split(piece, begun);
      return later === null ? null : stepOf(later);
    },
    finished: () => isRead() && (end === "done" || (isUnsure() && closing !== null)),
    lacks: () => [...old.lacks, ...doubts],
    failure: () => failure,
  };
}
