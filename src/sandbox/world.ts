/**
 * The simulated account: a table per stream and who owns whom. Everything else about a row (its words, its
 * counts, its links) is worked out from these numbers when somebody asks for it.
 */
import type { Settings } from "./settings.ts";
import type { Table } from "./table.ts";

export const STREAM_NAMES = [
  "conversations",
  "customers",
  "kobjects",
  "messages",
  "notes",
  "shortcuts",
  "tags",
  "teams",
  "users",
] as const;

export type StreamName = (typeof STREAM_NAMES)[number];

export type World = {
  readonly seed: number;
  /** The instant up to which the data set was made: the start of a day in UTC, ms. */
  readonly anchor: number;
  readonly orgId: string;
  readonly tables: Readonly<Record<StreamName, Table>>;
  /** How many rows each table had at the beginning. */
  readonly planned: Readonly<Record<StreamName, number>>;
  /** Of customers. */
  readonly conversations: Children;
  /** Of customers. */
  readonly kobjects: Children;
  /** Of conversations. */
  readonly messages: Children;
  /** Of conversations. */
  readonly notes: Children;
  /** Users below this number are machine users. */
  readonly machines: number;
  /** Users who were invited and have not come yet. */
  readonly invited: Set<number>;
  /** What the account has set up. */
  readonly settings: Settings;
};

/** True when `name` is a stream of the account. */
export function isStreamName(name: string): name is StreamName {
  return (STREAM_NAMES as readonly string[]).includes(name);
}

/** True when the account has such rows, or settings. */
export function holdsStream(world: World, name: string): boolean {
  return isStreamName(name) || world.settings.has(name);
}

/** An account of the same rows, which stays as this one is now. */
export function copyWorld(world: World): World {
  return {
    ...world,
    tables: Object.fromEntries(
      STREAM_NAMES.map((name) => [name, world.tables[name].copy()]),
    ) as World["tables"],
    conversations: world.conversations.copy(),
    kobjects: world.kobjects.copy(),
    messages: world.messages.copy(),
    notes: world.notes.copy(),
    invited: new Set(world.invited),
  };
}

/**
 * The rows that belong to each row of another table, oldest first: a contiguous run each from the making of
 * the data set, and what came later.
 */
export class Children {
  #starts: Int32Array;
  readonly #later = new Map<number, number[]>();

  /** `counts` says how many each parent has, in the order of the parents. */
  constructor(counts: ArrayLike<number>) {
    this.#starts = new Int32Array(counts.length + 1);
    for (let parent = 0; parent < counts.length; parent++) {
      this.#starts[parent + 1] = this.#starts[parent]! + counts[parent]!;
    }
  }

  /** The same rows, which stay as they are now. */
  copy(): Children {
    const copy = new Children([]);
    // No place of it ever changes.
    copy.#starts = this.#starts;
    for (const [parent, rows] of this.#later) copy.#later.set(parent, [...rows]);
    return copy;
  }

  of(parent: number): number[] {
    const start = this.#start(parent);
    const rows = Array.from({ length: this.#start(parent + 1) - start }, (_, nth) => start + nth);
    const later = this.#later.get(parent);
    return later === undefined ? rows : rows.concat(later);
  }

  count(parent: number): number {
    return this.#start(parent + 1) - this.#start(parent) + (this.#later.get(parent)?.length ?? 0);
  }

  /** The place of a child among its parent's, from 0. */
  nth(parent: number, child: number): number {
    const start = this.#start(parent);
    const length = this.#start(parent + 1) - start;
    if (child >= start && child < start + length) return child - start;
    return length + (this.#later.get(parent)?.indexOf(child) ?? 0);
  }

  add(parent: number, child: number): void {
    const later = this.#later.get(parent);
    if (later === undefined) this.#later.set(parent, [child]);
    else later.push(child);
  }

  /** Parents that came later have no run. */
  #start(parent: number): number {
    return this.#starts[Math.min(parent, this.#starts.length - 1)]!;
  }
}
