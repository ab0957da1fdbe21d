/**
 * The open ranges of one stream while workers read them. Pieces of one source never overlap; one that is
 * being read may be cut shorter meanwhile, which costs at most rows read twice, never rows missed.
 */
import { type Range, type Ranges, subtract } from "./ranges.ts";
import type { Source, TieProgress } from "./stream-state.ts";

export type Piece = {
  readonly source: Source;
  from: number;
  /** Exclusive; Infinity for the last one. */
  to: number;
  /** Rows still unread in it, as far as is known; null before its first page. */
  left: number | null;
  busy: boolean;
  /** Pages in a row that were not whole. */
  unsound: number;
  /** Set when the piece is the rows of one instant, read by page number. */
  tie: TieProgress | null;
};

export class Pieces {
  #all: Piece[] = [];

  add(source: Source, range: Range): Piece {
    const piece = { source, from: range.from, to: range.to, left: null, busy: false, unsound: 0, tie: null };
    this.#all.push(piece);
    return piece;
  }

  has(piece: Piece): boolean {
    return this.#all.includes(piece);
  }

  empty(): boolean {
    return this.#all.length === 0;
  }

  remove(unwanted: (piece: Piece) => boolean): void {
    this.#all = this.#all.filter((piece) => !unwanted(piece));
  }

  /** The idle piece to read next: the latest, so that an interrupted first sync has the recent rows. */
  idle(): Piece | null {
    return this.#all.filter((piece) => !piece.busy).sort((a, b) => b.from - a.from)[0] ?? null;
  }

  /** The piece with the most rows left, by number of pages or more; null when none has. */
  largest(leastRows: number): Piece | null {
    const large = this.#all.filter((piece) => piece.tie === null && (piece.left ?? 0) >= leastRows);
    return large.sort((a, b) => (b.left ?? 0) - (a.left ?? 0))[0] ?? null;
  }

  holding(source: Source, instant: number): Piece | null {
    const holds = (piece: Piece) => piece.source === source && piece.from <= instant && instant < piece.to;
    return this.#all.find(holds) ?? null;
  }

  /** Cuts a piece in two at `at` and returns the later part; null when there is nothing on one side. */
  cut(piece: Piece, at: number): Piece | null {
    if (at <= piece.from || at >= piece.to) return null;
    const later = this.add(piece.source, { from: at, to: piece.to });
    piece.to = at;
    if (piece.left !== null) {
      later.left = Math.ceil(piece.left / 2);
      piece.left = Math.floor(piece.left / 2);
    }
    return later;
  }

  /** Makes a piece the rows of one instant in it; what lies around it becomes pieces of its own. */
  cutOutTie(piece: Piece, tie: TieProgress): void {
    const instant = { from: tie.at, to: tie.at + 1 };
    for (const rest of subtract([{ from: piece.from, to: piece.to }], [instant]))
      this.add(piece.source, rest);
    Object.assign(piece, instant, { tie, left: tie.total });
  }

  /** Takes what was read out of the pieces. */
  prune(source: Source, done: Ranges): void {
    for (const piece of this.#all.filter((each) => each.source === source)) {
      const [first, ...others] = subtract([{ from: piece.from, to: piece.to }], done);
      if (first === undefined) this.remove((each) => each === piece);
      else Object.assign(piece, first);
      for (const range of others) this.add(source, range);
    }
  }

  /** Rows known to be still unread. */
  left(): number {
    return this.#all.reduce((sum, piece) => sum + (piece.left ?? 0), 0);
  }
}
