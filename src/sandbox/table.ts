/**
 * The rows of one stream as columns of numbers, and the order in which search reads them. What a row looks
 * like is not kept: it follows from its number and its revision. The order by `updated` is always whole;
 * rows tied at one instant stand in an arbitrary order that no change to other rows disturbs.
 */
import { hash } from "./random.ts";

export class Table {
  readonly stream: string;
  /** Set into every number drawn for this table's rows. */
  readonly salt: number;
  /** Milliseconds since the epoch. */
  readonly created: number[] = [];
  readonly updated: number[] = [];
  /** When the row was deleted, ms; 0 while it lives. */
  readonly deleted: number[] = [];
  readonly rev: number[] = [];
  /** The number of the row that owns this one: a message's conversation, a conversation's customer; else -1. */
  readonly parent: number[] = [];
  /** Rows that are gone for good: nobody finds them, and nothing changes them any more. */
  readonly purged = new Set<number>();
  /** Whether a row that is deleted keeps its `updated`. */
  deletesStand = false;
  /** Counts changes, for whoever keeps something worked out from the table. */
  version = 0;

  #order = new Int32Array(0);
  #ordered = 0;
  readonly #ids: number[] = [];
  readonly #process: string;
  readonly #firstCounter: number;

  constructor(stream: string, salt: number) {
    this.stream = stream;
    this.salt = salt;
    this.#process = hex(hash(salt, 1), 8) + hex(hash(salt, 2) & 0xff, 2);
    this.#firstCounter = hash(salt, 3) & 0x3f_ffff;
  }

  /** A table of the same rows, which stays as this one is now. */
  copy(): Table {
    const copy = new Table(this.stream, this.salt);
    for (const name of ["created", "updated", "deleted", "rev", "parent"] as const) {
      for (const value of this[name]) copy[name].push(value);
    }
    for (const row of this.purged) copy.purged.add(row);
    copy.deletesStand = this.deletesStand;
    copy.version = this.version;
    copy.#order = this.#order.slice();
    copy.#ordered = this.#ordered;
    return copy;
  }

  get size(): number {
    return this.created.length;
  }

  /** A MongoDB object id: its first 8 hex digits are the second in which the row was created. */
  id(row: number): string {
    return hex(Math.floor(this.created[row]! / 1000), 8) + this.#process + hex(this.#firstCounter + row, 6);
  }

  /** The row with this id, or -1. */
  find(id: string): number {
    const row = Number.parseInt(id.slice(18), 16) - this.#firstCounter;
    return row >= 0 && row < this.size && this.id(row) === id && !this.purged.has(row) ? row : -1;
  }

  /** Adds a row while the data set is being built; `sortRows` must follow before anyone reads in order. */
  append(created: number, updated: number, parent: number, rev: number): number {
    this.created.push(created);
    this.updated.push(updated);
    this.deleted.push(0);
    this.rev.push(rev);
    this.parent.push(parent);
    return this.size - 1;
  }

  sortRows(): void {
    this.#order = Int32Array.from({ length: this.size }, (_, row) => row);
    this.#order.sort((a, b) => this.#compare(a, b));
    this.#ordered = this.size;
  }

  /** Adds a row created at `now`, in its place in the order. */
  add(now: number, parent: number): number {
    const row = this.append(now, now, parent, 1);
    this.#insert(row);
    return row;
  }

  /** Marks a row changed at `now`: a new revision, moved to its new place in the order. */
  touch(row: number, now: number): void {
    if (this.purged.has(row)) return;
    this.#takeOut(row);
    this.updated[row] = Math.max(now, this.created[row]!);
    this.rev[row]!++;
    this.#insert(row);
  }

  delete(row: number, now: number): void {
    if (this.deletesStand) this.version++;
    else this.touch(row, now);
    this.deleted[row] = Math.max(now, this.created[row]!);
  }

  restore(row: number, now: number): void {
    this.touch(row, now);
    this.deleted[row] = 0;
  }

  /** Removes a row for good. What other rows tell about it stays as it is, as nothing moves their `updated`. */
  purge(row: number): void {
    if (this.purged.has(row)) return;
    this.#takeOut(row);
    this.purged.add(row);
    this.version++;
  }

  /** True for a row that is neither deleted nor purged. */
  isLive(row: number): boolean {
    return this.deleted[row] === 0 && !this.purged.has(row);
  }

  /** The row at a place in the order by `updated`. */
  at(place: number): number {
    return this.#order[place]!;
  }

  /** The first place in the order whose row was updated at or after an instant; the end when there is none. */
  placeOf(ms: number): number {
    let low = 0;
    let high = this.#ordered;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.updated[this.#order[middle]!]! < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Every row in ascending order of id. */
  inIdOrder(): readonly number[] {
    let sorted = true;
    for (let row = this.#ids.length; row < this.size; row++) {
      if (row > 0 && this.#compareIds(this.#ids[row - 1]!, row) > 0) sorted = false;
      this.#ids.push(row);
    }
    if (!sorted) this.#ids.sort((a, b) => this.#compareIds(a, b));
    return this.#ids;
  }

  #takeOut(row: number): void {
    const at = this.#position(row);
    this.#order.copyWithin(at, at + 1, this.#ordered);
    this.#ordered--;
  }

  #insert(row: number): void {
    this.version++;
    if (this.#ordered === this.#order.length) {
      const larger = new Int32Array(Math.max(64, this.#order.length * 2));
      larger.set(this.#order);
      this.#order = larger;
    }
    const at = this.#position(row);
    this.#order.copyWithin(at + 1, at, this.#ordered);
    this.#order[at] = row;
    this.#ordered++;
  }

  /** Where a row stands, or would stand, in the order. */
  #position(row: number): number {
    let low = 0;
    let high = this.#ordered;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(this.#order[middle]!, row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compare(a: number, b: number): number {
    return this.updated[a]! - this.updated[b]! || hash(this.salt, a) - hash(this.salt, b) || a - b;
  }

  #compareIds(a: number, b: number): number {
    return Math.floor(this.created[a]! / 1000) - Math.floor(this.created[b]! / 1000) || a - b;
  }
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
