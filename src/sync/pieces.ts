/**
 * The open ranges of one stream while workers read them. Pieces of one source never overlap; one that is
 * being read may be cut shorter meanwhile, which costs at most rows read twice, never rows missed.
 */
import { intersect, type Range, type Ranges, subtract } from "./ranges.ts";
import type { Source, TieProgress } from "./stream-state.ts";

export type Piece = {
  readonly source: Source;
  from: number;
  /** Exclusive; Infinity for the last one. */
  to: number;
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
      tie: null,
    };
    const piece = { source, from, to, pageSize, ...state };
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

  ties(): TieProgress[] {
    return this.#all.map((piece) => piece.tie).filter((tie) => tie !== null);
  }

  remove(unwanted: (piece: Piece) => boolean): void {
    this.#all = this.#all.filter((piece) => !unwanted(piece));
  }

  /** The idle piece to read next: the latest, so that an interrupted first sync has the recent rows. */
  idle(): Piece | null {
    const idle = this.#all.filter((piece) => !piece.busy && !piece.failed);
    return idle.sort((a, b) => b.from - a.from)[0] ?? null;
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

  /** Cuts a piece in two at `at` and returns the later part; null when there is nothing on one side. */
  cut(piece: Piece, at: number): Piece | null {
    if (at <= piece.from || at >= piece.to) return null;
    const later = this.add(piece.source, { from: at, to: piece.to }, piece.pageSize);
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
    const later = this.cut(piece, Math.floor((piece.from + Math.min(end, piece.from + reach)) / 2));
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
  }

  /** Takes out of the pieces what is no longer open. */
  prune(source: Source, open: Ranges): void {
    for (const piece of this.#all.filter((each) => each.source === source)) {
      const [first, ...others] = intersect([{ from: piece.from, to: piece.to }], open);
      if (first === undefined) this.remove((each) => each === piece);
      else Object.assign(piece, first);
      for (const range of others) this.add(source, range, piece.pageSize);
    }
  }

  /** Rows known to be still unread. */
  left(): number {
    return this.#all.reduce((sum, piece) => sum + (piece.left ?? 0), 0);
  }
}
