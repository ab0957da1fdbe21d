/**
 * The book of one stream's reading: what is read, what is open in which pieces, and how far the index was seen to
 * know. Rows and what they prove are committed here, and only here, so that the one is never kept without the other.
 */
import type { Seen } from "../destination/destination.ts";
import type { Resource } from "../lib/resource.ts";
import { type Clocks, earliestOf } from "./clocks.ts";
import { Evidence } from "./evidence.ts";
import { type Piece, Pieces } from "./pieces.ts";
import {
  beginState,
  claimableTo,
  markRead,
  markUnread,
  openRanges,
  type PlanOptions,
  type Zones,
  zonesAt,
} from "./plan.ts";
import { normalize, type Range } from "./ranges.ts";
import type { ReaderContext } from "./reader.ts";
import { encodeSearchState } from "./state-codec.ts";
import { EARLIEST, type OldState, type SearchState, type Source } from "./stream-state.ts";

/** The most rows a search page holds (Kustomer's developer docs, "search"; a larger page size is clamped). */
export const PAGE_SIZE = 500;

export class Ledger {
  readonly pieces = new Pieces();
  readonly evidence: Evidence;
  /** When the run began, by the earlier of the two clocks, ms. */
  readonly begun: number;
  /** The next run asks again for what the index has from here on; a row that shows such a time may have moved. */
  readonly line: number;
  /** Where the horizon was as the run began. */
  readonly horizon: number;
  readonly isListed: boolean;
  /** True when a list of old rows is to be read. */
  readonly isListDue: boolean;
  readonly #clocks: Clocks;
  readonly #zones: Zones;
  readonly #context: ReaderContext;
  readonly #wasRead: boolean;
  #state: SearchState;
  /** The ids that came since a part was to be read again. */
  #again: Set<string> | null = null;

  constructor(
    stored: SearchState | OldState | null,
    options: PlanOptions,
    isListed: boolean,
    context: ReaderContext,
  ) {
    const { clocks, lookbackMs } = options;
    this.#clocks = clocks;
    this.#context = context;
    this.isListed = isListed;
    this.begun = earliestOf(clocks);
    this.line = this.begun - lookbackMs;
    this.evidence = new Evidence(clocks, lookbackMs);
    const newest = (before: number) => context.counts?.newest(before) ?? null;
    this.#state = beginState(stored, { ...options, isListed, newest });
    const { first, start, horizon, settled, isRead } = this.#state;
    this.#zones = zonesAt(clocks, first ? start : null, isListed);
    this.horizon = horizon;
    this.#wasRead = settled && isRead;
    const open = (source: Source) => openRanges(this.#state, this.#zones, source);
    for (const source of isListed ? (["search"] as const) : (["search", "archive"] as const)) {
      for (const range of open(source)) this.pieces.add(source, range, PAGE_SIZE);
    }
    this.isListDue = isListed && open("archive").length > 0;
    this.#resume();
    this.leaveSettled(PAGE_SIZE / 2);
  }

  get state(): SearchState {
    return this.#state;
  }

  /** Goes on with ties and with what was not proven where the run before left them. */
  #resume(): void {
    const { pieces } = this;
    for (const tie of this.#state.ties) {
      const holder = pieces.holding(tie.source, tie.at);
      if (holder !== null) pieces.cutOutTie(holder, tie);
    }
    for (const { source, from, next, ids } of this.#state.unproven) {
      const piece = pieces.holding(source, from);
      if (piece?.from !== from || piece.tie !== null || next >= piece.to) continue;
      const marks = ids.map((id) => ({ id, at: next }));
      pieces.goOn(piece, next, marks);
    }
  }

  /**
   * A bulk edit at the end of a stream that is quiet since is not read again by every run: where more than so many rows
   * of the horizon's instant were read, and settled, only what comes after it is asked for. The audit counts them.
   */
  leaveSettled(rows: number): boolean {
    const piece = this.pieces.holding("search", this.horizon);
    const { counts } = this.#context;
    if (!this.#wasRead || piece === null || piece.tie !== null || counts === null) return false;
    const instant = { from: this.horizon, to: this.horizon + 1 };
    if (counts.count(instant) <= rows) return false;
    this.#state = this.#read("search", instant);
    return true;
  }

  /** The state after a source gave everything in a range, which is taken out of the pieces. */
  #read(source: Source, range: Range): SearchState {
    const next = this.evidence.apply(markRead(this.#state, this.#zones, source, range));
    this.pieces.prune(source, openRanges(next, this.#zones, source));
    return next;
  }

  /** Commits rows, and the state after them unless it is null; goes on from it at once, whatever has to be waited for. */
  commit(
    rows: readonly Resource[],
    next: SearchState | null,
    more: { readonly seen?: Seen["step"]; readonly gone?: readonly string[] } = {},
  ): Promise<void> {
    const { full, start } = this.#state;
    const step = more.seen ?? (full === null ? null : full.marked ? "continue" : "begin");
    const from = start <= EARLIEST ? null : start;
    const after =
      next === null ? null : { ...next, ties: this.pieces.ties(), unproven: this.pieces.unproven() };
    const encoded =
      after === null
        ? null
        : encodeSearchState(after, this.begun, claimableTo(after, this.#clocks, this.isListed));
    const kept = this.#context.commit(rows, encoded, {
      ...(step === null ? {} : { seen: { step, from } }),
      ...(more.gone === undefined ? {} : { gone: more.gone }),
    });
    const state = after ?? this.#state;
    // Whoever waits for it hears of what went wrong; a step that ends before, by another error, has said enough.
    kept.catch(() => {});
    this.#state = state.full === null ? state : { ...state, full: { ...state.full, marked: true } };
    if (this.#again !== null) for (const { id } of rows) this.#again.add(id);
    return kept;
  }

  /** Commits rows that are all of a range. */
  commitRead(source: Source, rows: readonly Resource[], range: Range): Promise<void> {
    const kept = this.commit(rows, this.#read(source, range));
    this.#context.left(this.pieces.left());
    return kept;
  }

  /** Commits rows with what was proven before them, after `change` was done to the pieces. */
  commitProven(
    { source }: Piece,
    rows: readonly Resource[],
    proven: Range | null,
    change: () => void = () => {},
  ): Promise<void> {
    const next = proven === null ? this.evidence.apply(this.#state) : this.#read(source, proven);
    change();
    const kept = this.commit(rows, next);
    this.#context.left(this.pieces.left());
    return kept;
  }

  /** Commits the last rows of a list of old rows: what changed since it began is news, which the search brings. */
  commitList(rows: readonly Resource[]): Promise<void> {
    this.#state = { ...this.#state, scan: null };
    return this.commitRead("archive", rows, { from: this.#state.start, to: Number.POSITIVE_INFINITY });
  }

  /** Opens ranges of a source that are to be read again; what comes from then on is told by `takeCame`. */
  readAgain(source: Source, given: readonly Range[]): void {
    const ranges = normalize(given);
    this.#again = new Set();
    if (source === "archive" && this.isListed) {
      this.#state = { ...this.#state, scan: null };
      return;
    }
    this.#state = markUnread(this.#state, source, ranges);
    for (const range of ranges) this.pieces.add(source, range, PAGE_SIZE);
  }

  /** The ids that came since a part was to be read again. */
  takeCame(): ReadonlySet<string> {
    const came = this.#again ?? new Set<string>();
    this.#again = null;
    return came;
  }
}
