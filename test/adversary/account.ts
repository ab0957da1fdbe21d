/**
 * The truth: the rows of an account, each with all its versions, and what the search index shows of them. An edit
 * reaches the index at once; a lie may hold it back. Rows, ties and edits come from the seed alone.
 */
import { KINDS, type Kind, LISTED, SEARCHED } from "./kinds.ts";
import { createRandom, hash, type Random } from "./random.ts";
import { DAY, HOUR, MINUTE, YEAR } from "./world-clock.ts";

export type Version = {
  readonly updatedAt: number;
  readonly rev: number;
  readonly text: string;
  readonly mark: string;
  readonly deletedAt: number | null;
};

export type Row = {
  readonly kind: Kind;
  readonly id: string;
  readonly createdAt: number;
  /** Oldest first; the last is what Kustomer holds. */
  readonly versions: Version[];
  /** The version by which the index filters and sorts; null where it does not know the row. */
  shown: Version | null;
  /** Removed for good. */
  purged: boolean;
  /** When somebody purged it, where that is known. */
  purgedAt?: number;
  /** Purged, and the index still finds it, although there is nothing to fetch. */
  ghost: boolean;
};

export const current = (row: Row): Version => row.versions.at(-1)!;

/** What the row was at a time; null before it was. */
export const versionAt = (row: Row, at: number): Version | null =>
  row.versions.findLast((version) => version.updatedAt <= at) ?? null;

/** How many rows share one timestamp in the account's one big import: more than a page. */
const BIG_TIE = 560;
const LISTED_ROWS: Readonly<Record<string, number>> = { shortcuts: 130, tags: 230, teams: 25, users: 540 };

export class Account {
  readonly #rows = new Map<Kind, Row[]>(KINDS.map((kind) => [kind, []]));
  readonly #byId = new Map<string, Row>();
  readonly #random: Random;
  #serial = 0;
  /** Whether an edit of the row reaches the index at once. */
  indexes: (row: Row) => boolean = () => true;
  /** Which of the two searches knows a row of this `updatedAt`. */
  holds: Holds = HOLDS;

  readonly seed: number;
  readonly bornAt: number;

  constructor(seed: number, bornAt: number) {
    this.seed = seed;
    this.bornAt = bornAt;
    this.#random = createRandom(seed, "account");
    const big = SEARCHED[seed % SEARCHED.length]!;
    for (const kind of SEARCHED) this.#fill(kind, kind === big ? 640 : this.#random.int(130, 620));
    for (const kind of LISTED) this.#fill(kind, LISTED_ROWS[kind.name]!);
    // Of every second seed the import is of long ago, in the archive.
    const importedAt = bornAt - (seed % 2 === 0 ? 3 * YEAR : this.#random.int(2, 700) * DAY);
    for (let n = 0; n < BIG_TIE; n += 1) this.#add(big, importedAt - n * 1_000, importedAt);
    for (const kind of SEARCHED) {
      for (const age of [3 * MINUTE, 40 * MINUTE, 9 * HOUR, 200 * DAY]) {
        for (let n = 0; n < 12; n += 1) this.#add(kind, bornAt - age - n * 1_000, bornAt - age);
      }
    }
  }

  row(id: string): Row | undefined {
    return this.#byId.get(id);
  }

  rows(kind: Kind): readonly Row[] {
    return this.#rows.get(kind)!;
  }

  #fill(kind: Kind, count: number): void {
    const random = this.#random;
    for (let n = 0; n < count; n += 1) {
      const age = random.pick([
        () => random() * 5 * YEAR,
        () => random() * 2 * YEAR,
        () => 2 * YEAR + (random() - 0.5) * 8 * DAY,
        () => random() * 60 * DAY,
        () => random() * DAY,
        () => random() * 2 * HOUR,
      ])();
      const updatedAt = Math.round(this.bornAt - 1_000 - age);
      const createdAt = updatedAt - Math.round(random.chance(0.3) ? 0 : random() * 300 * DAY);
      this.#add(kind, createdAt, updatedAt, random.chance(0.05));
    }
  }

  #add(kind: Kind, createdAt: number, updatedAt: number, deleted = false): Row {
    const serial = ++this.#serial;
    const tail = hash(`${this.seed}/${serial}`).toString(16).padStart(8, "0");
    const id =
      Math.floor(createdAt / 1_000)
        .toString(16)
        .padStart(8, "0") +
      tail +
      serial.toString(16).padStart(8, "0");
    const row: Row = { kind, id, createdAt, versions: [], shown: null, purged: false, ghost: false };
    // A row that was edited has the version before, for an index that stood still in between.
    if (updatedAt > createdAt) this.#version(row, createdAt, false);
    this.#version(row, updatedAt, deleted);
    row.shown = current(row);
    this.#rows.get(kind)!.push(row);
    this.#byId.set(id, row);
    return row;
  }

  #version(row: Row, updatedAt: number, deleted: boolean): void {
    const rev = row.versions.length + 1;
    const text = `${row.kind.type} ${row.id.slice(8)} in its version ${rev}`;
    row.versions.push({
      updatedAt,
      rev,
      text,
      mark: `${rev}@${updatedAt}`,
      deletedAt: deleted ? updatedAt : null,
    });
  }

  /** Changes a row; a time that is not after its last change becomes the next millisecond. */
  edit(row: Row, at: number, deleted = current(row).deletedAt !== null): void {
    this.editBackwards(row, Math.max(at, current(row).updatedAt + 1), deleted);
  }

  /** Changes a row, and gives it whatever time. */
  editBackwards(row: Row, at: number, deleted = current(row).deletedAt !== null): void {
    this.#version(row, Math.round(at), deleted);
    if (this.indexes(row)) row.shown = current(row);
  }

  create(kind: Kind, at: number): Row {
    const row = this.#add(kind, Math.round(at), Math.round(at));
    if (!this.indexes(row)) row.shown = null;
    return row;
  }

  purge(row: Row, at?: number): void {
    row.purged = true;
    if (at !== undefined) row.purgedAt = at;
    row.shown = null;
  }

  /** Purges a row of which the index knows nothing yet. */
  haunt(row: Row): void {
    row.purged = true;
    row.ghost = true;
  }

  /** Makes the index show what it would, had it stood still since then. */
  freeze(at: number, which: (row: Row) => boolean = () => true): void {
    this.showAs((row) => (which(row) ? versionAt(row, at) : current(row)));
    this.indexes = (row) => !which(row);
  }

  /** Decides for each row what the index shows of it, until it is decided anew. */
  showAs(shown: (row: Row) => Version | null): void {
    for (const row of this.all()) row.shown = row.purged && !row.ghost ? null : shown(row);
  }

  /** Makes the index show everything as it is, and keep up. */
  thaw(): void {
    this.indexes = () => true;
    for (const row of this.all()) row.ghost = false;
    this.showAs(current);
  }

  *all(): Iterable<Row> {
    for (const rows of this.#rows.values()) yield* rows;
  }

  /** What people do between two times: most of it spread out, much of it shortly before the end, some at one instant. */
  live(from: number, to: number, random: Random, count = 90): void {
    const times = Array.from({ length: count }, () => {
      const back = random.pick([to - from, to - from, HOUR, 15 * MINUTE, 2 * MINUTE]);
      return Math.round(to - 1_000 - random() * Math.min(back, to - from - 1_000));
    });
    for (const at of times.sort((a, b) => a - b)) this.happen(at, random);
    const many = random.pick(SEARCHED);
    const at = Math.round(to - 2_000 - random() * Math.min(20 * MINUTE, (to - from) / 2));
    // Now and then a page and more at one instant.
    const rows = random.chance(0.25) ? BIG_TIE : 25;
    for (let n = 0; n < rows; n += 1) this.edit(this.#any(many, random), at);
  }

  /** One thing that people do. */
  happen(at: number, random: Random): void {
    const kind = random.chance(0.75) ? random.pick(SEARCHED) : random.pick(LISTED);
    const row = this.#any(kind, random);
    const what = random();
    if (what < 0.25) this.create(kind, at);
    else if (what < 0.37) this.edit(row, at, true);
    else if (what < 0.45) this.edit(row, at, false);
    else if (what < 0.48 && kind.context === null) this.purge(row, at);
    else this.edit(row, at);
  }

  #any(kind: Kind, random: Random): Row {
    const rows = this.#rows.get(kind)!;
    const first = random.int(0, rows.length);
    for (let n = 0; n < rows.length; n += 1) {
      const row = rows[(first + n) % rows.length]!;
      if (!row.purged) return row;
    }
    throw new Error(`all ${kind.name} are purged`);
  }
}

export type Holds = (by: "search" | "archive", updatedAt: number, now: number) => boolean;

/** Each row is in one of the two. */
export const HOLDS: Holds = (by, updatedAt, now) => updatedAt < twoYearsBefore(now) === (by === "archive");

/** Two calendar years. */
export function twoYearsBefore(now: number): number {
  const date = new Date(now);
  date.setUTCFullYear(date.getUTCFullYear() - 2);
  return date.getTime();
}
