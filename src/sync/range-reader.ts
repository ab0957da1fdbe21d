/**
 * Reads the open ranges of a search: asks one for its first page in ascending order, commits the rows with what the
 * page proves, and goes on from there by time, never by page number, because a row that changes while it is read
 * would shift the pages and another be skipped.
 */
import type { Page } from "../kustomer/search.ts";
import { AppError } from "../lib/errors.ts";
import type { Resource } from "../lib/resource.ts";
import { formatTime } from "../lib/time.ts";
import { type Clocks, latestOf } from "./clocks.ts";
import type { Ledger } from "./ledger.ts";
import type { GivenRow, Mark } from "./page-proof.ts";
import type { Patience } from "./patience.ts";
import type { Piece } from "./pieces.ts";
import { createRangeAsker } from "./range-page.ts";
import { medianOf, middleOf, type Range } from "./ranges.ts";
import type { Api } from "./reader.ts";
import { newTie } from "./stream-state.ts";

/** How often a page that is not whole is asked again before its range is halved. */
const UNSOUND_REPEATS = 3;
/** And how often each half of it. */
const DOUBTFUL_REPEATS = 1;

/**
 * What changed so long after the run's start is news, of which the next run hears. Less is not: the Date
 * header that told the start has no milliseconds, and the servers' clocks may differ.
 */
const NEWS_FROM_MS = 60_000;
/** What claims to have changed so long after the run's start has an odd date, and is no news. */
const NEWS_TO_MS = 86_400_000;

/** So many pages more than the open end had at first are followed while it grows. */
const CHASED_PAGES = 50;

export class RangeReader {
  readonly #ledger: Ledger;
  readonly #patience: Patience;
  readonly #clocks: Clocks;
  readonly #ask: ReturnType<typeof createRangeAsker>;
  /** Rows of the open end that came, and how many it had when it was first asked. */
  #tail = { came: 0, pages: 0, total: null as number | null };
  #leftNews = false;
  /** Says why a part was left to the next run although its rows came. */
  readonly #lack: (error: AppError) => void;

  constructor(
    context: string,
    api: Api,
    ledger: Ledger,
    patience: Patience,
    clocks: Clocks,
    lack: (error: AppError) => void,
  ) {
    this.#lack = lack;
    this.#ledger = ledger;
    this.#patience = patience;
    this.#clocks = clocks;
    this.#ask = createRangeAsker(context, api);
  }

  /** Whether a reading left out what changed while it went on; asking forgets it, and what came of the open end. */
  takeLeftNews(): boolean {
    const left = this.#leftNews;
    this.#leftNews = false;
    this.#tail = { came: 0, pages: 0, total: null };
    return left;
  }

  /** Asks a piece for its next page, and commits what came. Throws `incomplete` for an instant that never comes whole. */
  async readRange(piece: Piece): Promise<void> {
    const { pieces, line, horizon } = this.#ledger;
    const asked: Range = { from: piece.next, to: piece.to };
    // All of the open end is asked for again by the next run, so that nothing hangs on what it proves.
    const isTail = asked.from >= line;
    const { page, rows, proof, pageSize, doubt } = await this.#ask({
      source: piece.source,
      range: asked,
      pageSize: piece.pageSize,
      settledBefore: isTail ? Number.POSITIVE_INFINITY : line,
    });
    if (rows.length > 0 && proof.kind !== "unsorted") {
      this.#ledger.evidence.showed(
        asked.from,
        rows.map(({ time }) => time),
      );
    }
    // Of a piece that was cut meanwhile, the count tells nothing.
    const counted = asked.to === piece.to ? page.total : piece.left;
    if (counted !== null) piece.left = Math.max(0, counted - rows.length);
    if (!pieces.has(piece) || piece.next !== asked.from) return this.#ledger.commit(page.rows, null);
    if (proof.kind === "unsound") {
      // What came is good; it only does not prove anything.
      const kept = this.#ledger.commit(page.rows, null);
      this.#patience.spend(proof.why);
      this.#repeat(piece, page, rows, proof.why);
      return kept;
    }
    piece.unsound = [];
    if (doubt !== null && proof.kind !== "unsorted" && piece.doubts < UNSOUND_REPEATS) {
      piece.doubts += 1;
      this.#patience.spend(doubt);
      return this.#ledger.commit(page.rows, null);
    }
    piece.doubts = 0;
    if (proof.kind === "unsorted") {
      const kept = this.#ledger.commit(page.rows, null);
      this.#patience.spend("the rows of a page were in no order");
      pieces.begin(piece);
      if (!this.#narrow(piece)) pieces.cutOutTie(piece, newTie(piece.source, piece.from, pageSize));
      return kept;
    }
    const proven = this.#proveBefore(piece, rows);
    if (doubt !== null && (proof.kind === "all" || proof.kind === "through")) {
      const end = proof.kind === "all" ? piece.to : proof.marks.at(-1)!.at;
      return this.#leaveOpen(piece, page.rows, proven, end, doubt);
    }
    piece.isDoubtful = false;
    switch (proof.kind) {
      case "all":
        if (rows.length === 0) {
          this.#patience.spend(null);
          // Nothing and no count of it: that much is asked twice.
          if (page.total === null && !piece.wasEmpty) {
            piece.wasEmpty = true;
            return this.#ledger.commitProven(piece, page.rows, proven);
          }
        } else this.#patience.reward();
        return this.#ledger.commitRead(piece.source, page.rows, {
          from: proven?.from ?? asked.from,
          to: asked.to,
        });
      case "through":
        return this.#goThrough(piece, page, asked, proven, proof.marks);
      case "tie":
        this.#patience.reward();
        if (isTail && this.#isNews(piece, page, proof.at)) return this.#leaveNews(piece, page.rows, asked);
        if (proof.at === horizon && asked.from === horizon && this.#ledger.leaveSettled(page.rows.length)) {
          return this.#ledger.commit(page.rows, this.#ledger.state);
        }
        // Cut out before the commit, so that the next run knows of it and need not ask again to find it.
        return this.#ledger.commitProven(piece, page.rows, proven, () => {
          if (pieces.holding(piece.source, proof.at) === piece) {
            pieces.cutOutTie(piece, newTie(piece.source, proof.at, pageSize));
          }
        });
      case "unsettled": {
        this.#patience.spend("the rows of a page changed while it was read");
        const kept = this.#ledger.commitProven(piece, page.rows, proven);
        const isCut = asked.from < line && line < piece.to && pieces.cut(piece, line) !== null;
        if (!isCut && !this.#narrow(piece)) {
          pieces.cutOutTie(piece, newTie(piece.source, piece.next, pageSize));
        }
        return kept;
      }
    }
  }

  /** What came of a piece before is proven when a row that it ended with stands where this page begins. */
  #proveBefore(piece: Piece, rows: readonly { id: string; time: number | null }[]): Range | null {
    if (piece.marks.length === 0) return null;
    const stands = piece.marks.some(({ id, at }) => rows.some((row) => row.id === id && row.time === at));
    if (stands) return { from: piece.from, to: piece.next };
    this.#patience.spend("a row was shown at a time at which the search does not find it");
    this.#ledger.pieces.cutOffUnproven(piece);
    return null;
  }

  #goThrough(
    piece: Piece,
    page: Page,
    asked: Range,
    proven: Range | null,
    marks: readonly Mark[],
  ): Promise<void> {
    this.#patience.reward();
    const within = marks.filter(({ at }) => at < piece.to);
    const last = within.at(-1)?.at;
    if (last === undefined) return this.#ledger.commitProven(piece, page.rows, proven);
    piece.pace = (last - asked.from) / (page.rows.length + page.rejected);
    if (asked.from >= this.#ledger.line) {
      if (this.#isNews(piece, page, last)) return this.#leaveNews(piece, page.rows, asked);
      const read = { from: proven?.from ?? asked.from, to: last };
      return this.#ledger.commitRead(piece.source, page.rows, read);
    }
    return this.#ledger.commitProven(piece, page.rows, proven, () =>
      this.#ledger.pieces.goOn(
        piece,
        last,
        within.filter(({ at }) => at === last),
      ),
    );
  }

  /** The last range has no end. To follow what changes while the run goes on could go on for ever. */
  #leaveNews(piece: Piece, rows: readonly Resource[], asked: Range): Promise<void> {
    this.#leftNews = true;
    return this.#ledger.commitRead(piece.source, rows, { from: piece.from, to: asked.to });
  }

  /**
   * True for a page of the open end when all that it had at first has come, and what comes is newer than the run; by
   * the clocks, or because rows change faster than they are read.
   */
  #isNews(piece: Piece, { total, rows }: Page, last: number): boolean {
    if (piece.to !== Number.POSITIVE_INFINITY || piece.source !== "search") return false;
    const tail = this.#tail;
    tail.total ??= total;
    tail.came += rows.length;
    tail.pages += 1;
    const now = latestOf(this.#clocks);
    const isNew = last > now + NEWS_FROM_MS && last < now + NEWS_TO_MS;
    if (isNew && tail.came >= (tail.total ?? 0)) return true;
    const pages = Math.ceil((tail.total ?? 0) / Math.max(1, rows.length));
    return last >= this.#ledger.begun && tail.pages > 2 * pages + CHASED_PAGES;
  }

  /** Leaves what lies before `end` to the next run, and goes on from there. */
  #leaveOpen(
    piece: Piece,
    rows: readonly Resource[],
    proven: Range | null,
    end: number,
    why: string,
  ): Promise<void> {
    const { pieces } = this.#ledger;
    const kept = this.#ledger.commitProven(piece, rows, proven, () => {
      if (end < piece.to) pieces.cut(piece, end);
      piece.failed = true;
    });
    this.#lack(
      new AppError("incomplete", `${why}, last changed at ${formatTime(piece.from)} or later`, {
        hint: "all other rows are read; run sync again: it asks for this part again",
      }),
    );
    return kept;
  }

  /** Asks a page that was not whole again; one that stays so, in smaller pages or in smaller ranges. */
  #repeat(piece: Piece, page: Page, rows: readonly GivenRow[], why: string): void {
    const came = page.timedOut || page.next === null ? 0 : rows.length;
    piece.unsound.push(came);
    const repeats = piece.unsound.length - 1;
    if (repeats < (piece.isDoubtful ? DOUBTFUL_REPEATS : UNSOUND_REPEATS)) return;
    const isClamped = !piece.isClamped && came > 0 && piece.unsound.every((other) => other === came);
    if (isClamped) {
      // "pageSize above the max is clamped silently" (singer-io/tap-kustomer, PR #15): the same count each time.
      Object.assign(piece, { pageSize: came, isClamped: true, unsound: [] });
      return;
    }
    const isNarrower = page.timedOut ? this.#narrow(piece) : this.#narrowBetween(piece, rows);
    if (isNarrower) piece.unsound = [];
    else if (piece.to - piece.next === 1 && (page.total ?? 0) > page.pageSize) {
      // More rows of one instant than a page holds come by page number.
      this.#ledger.pieces.cutOutTie(piece, newTie(piece.source, piece.next, piece.pageSize));
    } else if (repeats >= UNSOUND_REPEATS) {
      throw new AppError("incomplete", `${why}, again and again, for ${formatTime(piece.next)}`, {
        hint: "run sync again later: all other rows are read",
      });
    }
  }

  /**
   * Cuts a piece among the rows that came, so that what does not come is soon told from what does; false when no two
   * of them lie apart.
   */
  #narrowBetween(piece: Piece, rows: readonly GivenRow[]): boolean {
    const middle = medianOf(rows.flatMap(({ time }) => time ?? []));
    if (middle === null) return false;
    piece.isDoubtful = true;
    const { pieces } = this.#ledger;
    return pieces.cut(piece, middle) !== null || pieces.cut(piece, middle + 1) !== null;
  }

  /** Halves a piece that can be read only when it fits one page; false when it is one millisecond already. */
  #narrow(piece: Piece): boolean {
    const middle = middleOf({ from: piece.next, to: piece.to }, this.#ledger.begun);
    return middle !== null && this.#ledger.pieces.cut(piece, middle) !== null;
  }
}
