/**
 * The open ranges of one stream while workers read them. Pieces of one source never overlap; one that is
 * being read may be cut shorter meanwhile, which costs at most rows read twice, never rows missed. What came of
 * a piece and is not proven yet stays a part of it.
 */
import type { Mark } from "./page-proof.ts";
import { intersect, type Range, type Ranges, subtract } from "./ranges.ts";
import type { Source, TieProgress, Unproven } from "./stream-state.ts";

/** This many rows are enough to recognise a place by. */
const MOST_MARKS = 5;

export type Piece = {
  readonly source: Source;
  from: number;
  /** Exclusive; Infinity for the last one. */
  to: number;
  /** From where to ask next; what lies before it came, and is proven once the mark comes again. */
  next: number;
  /** Rows last changed at `next`, of which one has to come again; empty when nothing is to be proven. */
  marks: readonly Mark[];
  /** Rows still unread in it, as far as is known; null before its first page. */
  left: number | null;
  /** How much time (ms) lies between two of its rows, where it was read last; null before its first page. */
  pace: number | null;
  busy: boolean;
  /** True once it turned out that it cannot be read; it stays open for the next run. */
  failed: boolean;
  /** Of a tie: how many of its ranges of `createdAt` turned out so. */
  unreadable: number;
  /** How many rows a page holds. */
  pageSize: number;
  /** How many rows came on each of the last pages that were not whole. */
  unsound: number[];
  /** True when it is a part of one that never came whole: little is gained by asking it as often. */
  isDoubtful: boolean;
  /** True once its pages were taken to hold fewer rows than asked for. */
  isClamped: boolean;
  /** How often its page was asked again because a row of it did not come as it is. */
  doubts: number;
  /** True once a page of it was empty, and nothing was counted. */
  wasEmpty: boolean;
  /** Set when the piece is the rows of one instant. */
  tie: TieProgress | null;
};

export class Pieces {
  #all: Piece[] = [];

  add(source: Source, { from, to }: Range, pageSize: number): Piece {
    const state = {
      left: null,
      pace: null,
      busy: false,
      failed: false,
      unreadable: 0,
      unsound: [],
      isDoubtful: false,
      isClamped: false,
      doubts: 0,
      wasEmpty: false,
      tie: null,
    };
    const piece: Piece = { source, from, to, next: from, marks: [], pageSize, ...state };
    this.#all.push(piece);
    return piece;
  }

  has(piece: Piece): boolean {
    return this.#all.includes(piece);
  }

  /** True when every piece was read or has failed. */
  finished(): boolean {
    return this.#all.every((piece) => piece.failed);
  }

  /** What came of the pieces and is not proven, with as many ids as it takes to tell that a row stands there. */
  unproven(): Unproven[] {
    return this.#all
      .filter(({ marks }) => marks.length > 0)
      .map(({ source, from, next, marks }) => ({
        source,
        from,
        next,
        ids: marks.slice(0, MOST_MARKS).map(({ id }) => id),
      }));
  }

  ties(): TieProgress[] {
    return this.#all.map((piece) => piece.tie).filter((tie) => tie !== null);
  }

  remove(unwanted: (piece: Piece) => boolean): void {
    this.#all = this.#all.filter((piece) => !unwanted(piece));
  }

  /**
   * The idle piece to read next: the latest, so that an interrupted first sync has the recent rows. But what begins
   * at `askedAgain` or later, and is asked for again by every run, comes last: so each run gets further.
   */
  idle(askedAgain: number): Piece | null {
    const idle = this.#all.filter((piece) => !piece.busy && !piece.failed);
    const isLast = ({ source, from }: Piece) => Number(source === "search" && from >= askedAgain);
    return idle.sort((a, b) => isLast(a) - isLast(b) || b.from - a.from)[0] ?? null;
  }

  /** The piece with the most rows left, by number of pages or more; null when none has. */
  largest(leastRows: number): Piece | null {
    const large = this.#all.filter(
      (piece) => piece.tie === null && !piece.failed && (piece.left ?? 0) >= leastRows,
    );
    return large.sort((a, b) => (b.left ?? 0) - (a.left ?? 0))[0] ?? null;
  }

  holding(source: Source, instant: number): Piece | null {
    const holds = (piece: Piece) => piece.source === source && piece.from <= instant && instant < piece.to;
    return this.#all.find(holds) ?? null;
  }

  /** Goes on from `next`, where one of `marks` has to come again; what lies before it is not proven yet. */
  goOn(piece: Piece, next: number, marks: readonly Mark[]): void {
    Object.assign(piece, { next, marks });
  }

  /** Begins a piece again, with nothing to be proven. */
  begin(piece: Piece): void {
    Object.assign(piece, { next: piece.from, marks: [] });
  }

  /** Cuts a piece in two at `at` and returns the later part; null when there is nothing on one side. */
  cut(piece: Piece, at: number): Piece | null {
    if (at <= piece.next || at >= piece.to) return null;
    const later = this.add(piece.source, { from: at, to: piece.to }, piece.pageSize);
    Object.assign(later, { isDoubtful: piece.isDoubtful, isClamped: piece.isClamped });
    piece.to = at;
    if (piece.left !== null) {
      later.left = Math.ceil(piece.left / 2);
      piece.left = Math.floor(piece.left / 2);
    }
    return later;
  }

  /**
   * Cuts a piece where about half of its rows are behind, if those to come are as dense as those that came last,
   * and returns the later part; null when there is nothing on one side.
   */
  split(piece: Piece, horizon: number): Piece | null {
    const end = Math.min(piece.to, horizon);
    const reach = (piece.left ?? 0) * (piece.pace ?? Number.POSITIVE_INFINITY);
    const later = this.cut(piece, Math.floor((piece.next + Math.min(end, piece.next + reach)) / 2));
    if (later !== null) later.pace = piece.pace;
    return later;
  }

  /** Makes a piece the rows of one instant in it; what lies around it becomes pieces of its own. */
  cutOutTie(piece: Piece, tie: TieProgress): void {
    const instant = { from: tie.at, to: tie.at + 1 };
    for (const rest of subtract([{ from: piece.from, to: piece.to }], [instant])) {
      const added = this.add(piece.source, rest, piece.pageSize);
      if (added.from > tie.at) added.left = piece.left;
    }
    Object.assign(piece, instant, { tie, left: tie.total });
    this.begin(piece);
  }

  /** Makes what came of a piece and is not proven a piece of its own, to be asked for again. */
  cutOffUnproven(piece: Piece): void {
    if (piece.next === piece.from) return;
    this.add(piece.source, { from: piece.from, to: piece.next }, piece.pageSize);
    piece.from = piece.next;
    piece.marks = [];
  }

  /** Takes out of the pieces what is no longer open. */
  prune(source: Source, open: Ranges): void {
    for (const piece of this.#all.filter((each) => each.source === source)) {
      const [first, ...others] = intersect([{ from: piece.from, to: piece.to }], open);
      if (first === undefined) this.remove((each) => each === piece);
      else {
        Object.assign(piece, first);
        if (piece.next <= piece.from || piece.next >= piece.to) this.begin(piece);
      }
      for (const range of others) this.add(source, range, piece.pageSize);
    }
  }

  /** Rows known to be still unread. */
  left(): number {
    return this.#all.reduce((sum, piece) => sum + (piece.left ?? 0), 0);
  }
}
