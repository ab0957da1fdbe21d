/**
 * Makes the account: the same seed, size and day give the same rows. Times hang together (a message is not
 * older than its conversation, nor a conversation's last change older than its last message) and reach three
 * years back from the anchor, about an eighth of the rows last changed over two years ago.
 */
import { bulkEdit, deleteSome, tieSome } from "./dataset-marks.ts";
import { AGENTS, MACHINES } from "./people.ts";
import { hash, Random, scatter } from "./random.ts";
import { Settings } from "./settings.ts";
import { TAGS, TEAMS } from "./shop-data.ts";
import { Table } from "./table.ts";
import { Children, STREAM_NAMES, type StreamName, type World } from "./world.ts";

export const DAY = 86_400_000;

/** The window of the standard search: two years back from `now`, by the calendar. */
export function twoYearsBefore(now: number): number {
  const date = new Date(now);
  return date.setUTCFullYear(date.getUTCFullYear() - 2);
}

/** The first instant of the day of `now`, in UTC. */
export function startOfDay(now: number): number {
  return Math.floor(now / DAY) * DAY;
}

/** How many rows each stream gets of a total; a very small total has smaller lists, and none has none. */
export function planSizes(rows: number): Record<StreamName, number> {
  if (rows === 0)
    return Object.fromEntries(STREAM_NAMES.map((name) => [name, 0])) as Record<StreamName, number>;
  const part = Math.min(1, rows / 600);
  const users = Math.max(4, Math.round(28 * part) + Math.min(100, Math.floor(rows / 20_000)));
  const teams = Math.max(2, Math.round(11 * part));
  const tags = Math.max(3, Math.round(TAGS.length * part));
  const shortcuts = Math.max(2, Math.round(31 * part));
  const rest = Math.max(0, rows - users - teams - tags - shortcuts);
  const conversations = Math.max(1, Math.round(rest * 0.182));
  const customers = conversations;
  const messages = Math.max(conversations, Math.round(rest * 0.424));
  const kobjects = Math.max(1, Math.round(rest * 0.122));
  const notes = Math.max(1, rest - conversations - customers - messages - kobjects);
  return { conversations, customers, kobjects, messages, notes, shortcuts, tags, teams, users };
}

export type WorldOptions = {
  readonly rows: number;
  readonly seed: number;
  readonly now: number;
  /** How many people were invited and have not come yet, besides the `rows`; an empty account has invited nobody. */
  readonly invited?: number;
};

/** Makes the account of `rows` rows over all streams, as it stood at the start of the day of `now`. */
export function makeWorld(options: WorldOptions): World {
  const { rows, seed, invited = 0 } = options;
  const anchor = startOfDay(options.now);
  const sizes = planSizes(rows);
  const tables = Object.fromEntries(
    STREAM_NAMES.map((name, code) => [name, new Table(name, hash(seed, code + 1))]),
  ) as Record<StreamName, Table>;
  const random = new Random(hash(seed, 99));
  const counts = {
    conversations: deal(sizes.conversations, sizes.customers, 0, random),
    kobjects: deal(sizes.kobjects, sizes.customers, 0, random),
    messages: deal(sizes.messages, sizes.conversations, 1, random),
    notes: deal(sizes.notes, sizes.conversations, 0, random),
  };
  const orgId = `59775dcd${hash(seed, 7).toString(16).padStart(8, "0")}ff4687aa`;
  const world: World = {
    seed,
    anchor,
    orgId,
    tables,
    planned: sizes,
    conversations: new Children(counts.conversations),
    kobjects: new Children(counts.kobjects),
    messages: new Children(counts.messages),
    notes: new Children(counts.notes),
    machines: Math.min(MACHINES.length, Math.max(1, Math.round(sizes.users / 7))),
    invited: new Set(),
    settings: new Settings(seed, anchor, orgId, rows > 0),
  };
  const times = new Times(random, anchor);
  for (let customer = 0; customer < sizes.customers; customer++) addCustomer(world, customer, counts, times);
  addSettings(world, sizes, times);
  if (rows > 0) invite(world, invited, times);
  for (const name of ["conversations", "customers", "kobjects", "messages", "notes"] as const) {
    deleteSome(tables[name], anchor);
    tieSome(tables[name]);
  }
  bulkEdit(world, rows);
  for (const name of STREAM_NAMES) tables[name].sortRows();
  return world;
}

type Counts = Readonly<Record<"conversations" | "kobjects" | "messages" | "notes", Uint16Array>>;

/** Shares `total` out among parents, a few of which get much more than the others. */
function deal(total: number, parents: number, each: number, random: Random): Uint16Array {
  const counts = new Uint16Array(parents).fill(each);
  for (let left = total - parents * each; left > 0; left--) {
    const parent = Math.floor(parents * random.next() ** 1.5);
    // Spread over the whole range, so that a parent's number says nothing about its share.
    counts[scatter(parent, parents)]!++;
  }
  return counts;
}

/** Draws instants between three years before the anchor and the anchor. */
class Times {
  readonly #random: Random;
  readonly #first: number;
  readonly #border: number;
  readonly #last: number;

  constructor(random: Random, anchor: number) {
    this.#random = random;
    this.#border = twoYearsBefore(anchor);
    this.#first = anchor - 3 * 365 * DAY;
    this.#last = anchor - 1;
  }

  /** When something began: denser recently, some of it over two years ago, some within days of that border. */
  start(): number {
    const random = this.#random;
    if (random.chance(0.05)) return Math.floor(this.#border + (random.next() * 2 - 1) * 4 * DAY);
    if (random.chance(0.11)) return Math.floor(this.#first + random.next() * (this.#border - this.#first));
    const at = this.#last - (this.#last - this.#border) * random.next() ** 1.8;
    return this.#waking(Math.floor(at));
  }

  /** Up to `most` ms after an instant, mostly soon after it, and never after the end. */
  after(ms: number, most: number): number {
    const wanted = ms + Math.floor(most * this.#random.next() ** 3);
    return wanted <= this.#last ? wanted : ms + Math.floor((this.#last - ms) * this.#random.next());
  }

  before(ms: number, most: number): number {
    return Math.max(this.#first, ms - Math.floor(most * this.#random.next() ** 3));
  }

  chance(probability: number): boolean {
    return this.#random.chance(probability);
  }

  rev(): number {
    return 1 + this.#random.int(6);
  }

  /** Most people do not write to a shop at night. */
  #waking(ms: number): number {
    const asleep = (ms % DAY) / 3_600_000 < 5 && this.#random.chance(0.7);
    return asleep && ms + 9 * 3_600_000 <= this.#last ? ms + 9 * 3_600_000 : ms;
  }
}

function addCustomer(world: World, customer: number, counts: Counts, times: Times): void {
  const { customers, kobjects } = world.tables;
  const conversations = counts.conversations[customer]!;
  const starts = Array.from({ length: conversations }, () => times.start()).sort((a, b) => a - b);
  const first = starts[0] ?? times.start();
  const created = times.chance(0.6) ? times.before(first, 2_000) : times.before(first, 200 * DAY);
  let updated = times.after(created, times.chance(0.2) ? 60 * DAY : 20_000);
  for (const start of starts)
    updated = Math.max(updated, addConversation(world, customer, start, counts, times));
  for (let left = counts.kobjects[customer]!; left > 0; left--) {
    const bought = times.after(created, times.chance(0.6) ? 12 * DAY : 400 * DAY);
    const changed = times.after(bought, times.chance(0.7) ? 15 * DAY : 1_000);
    kobjects.append(bought, changed, customer, times.rev());
    updated = Math.max(updated, bought);
  }
  customers.append(created, times.after(updated, times.chance(0.1) ? 30 * DAY : 400), -1, times.rev());
}

/** Adds a conversation with its messages and notes; returns when it was last changed. */
function addConversation(
  world: World,
  customer: number,
  start: number,
  counts: Counts,
  times: Times,
): number {
  const { conversations, messages, notes } = world.tables;
  const conversation = conversations.size;
  let last = start;
  for (let left = counts.messages[conversation]!; left > 0; left--) {
    messages.append(last, times.after(last, times.chance(0.1) ? 3 * DAY : 4_000), conversation, times.rev());
    if (left > 1) last = times.after(last, times.chance(0.8) ? DAY : 6 * DAY);
  }
  let changed = last;
  for (let left = counts.notes[conversation]!; left > 0; left--) {
    const written = times.after(start, 3 * DAY);
    notes.append(written, times.after(written, times.chance(0.1) ? 2 * DAY : 3), conversation, times.rev());
    changed = Math.max(changed, written);
  }
  changed = times.after(changed, times.chance(0.15) ? 14 * DAY : 7_200_000);
  conversations.append(start, changed, customer, times.rev());
  return changed;
}

/** Teams, tags, shortcuts and users: older than most, changed now and then, a few of them deleted. */
function addSettings(world: World, sizes: Record<StreamName, number>, times: Times): void {
  const gone: Record<string, (row: number) => boolean> = {
    teams: (row) => row === Math.min(sizes.teams, TEAMS.length) - 1,
    tags: (row) => row === sizes.tags - 1 || row === sizes.tags - 2,
    shortcuts: (row) => row === sizes.shortcuts - 1,
    users: (row) => row >= world.machines && (row % AGENTS.length) % 8 === 7,
  };
  for (const name of ["teams", "tags", "shortcuts", "users"] as const) {
    const table = world.tables[name];
    for (let nth = 0; nth < sizes[name]; nth++) {
      const created = times.before(world.anchor - 400 * DAY, 690 * DAY);
      const updated = times.after(created, times.chance(0.5) ? 700 * DAY : 50);
      const row = table.append(created, updated, -1, 1);
      if (gone[name]!(row)) table.deleted[row] = updated;
    }
  }
}

/** Users who are asked to join, after all others. */
function invite(world: World, count: number, times: Times): void {
  const { users } = world.tables;
  for (let nth = 0; nth < count; nth++) {
    const asked = times.before(world.anchor - 3_600_000, 40 * DAY);
    world.invited.add(users.append(asked, asked, -1, 1));
  }
}
