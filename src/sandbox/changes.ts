/**
 * What happens at a support desk while somebody reads: new messages, edits, deletions. Every change moves the
 * row's `updatedAt` to the server's now, and so it does to the rows whose content follows from it: a message
 * changes its conversation and its customer.
 */
import { hash, Random } from "./random.ts";
import type { Table } from "./table.ts";
import { STREAM_NAMES, type StreamName, type World } from "./world.ts";

/** How many rows of a stream came, changed or went; a row counts once, by the most that happened to it. */
export type StreamChange = { created: number; updated: number; deleted: number };
export type ChangeSummary = Record<StreamName, StreamChange>;

type Deed = "created" | "updated" | "deleted";

/** One kind of change; it says by `note` what it did to which row. */
type Change = (
  world: World,
  now: number,
  random: Random,
  note: (stream: StreamName, row: number, deed: Deed) => void,
) => void;

/** Each change as often as it happens; the deck is shuffled and dealt, so that none is missed for long. */
const DECK: readonly Change[] = [
  ...Array<Change>(6).fill(newMessage),
  newConversation,
  newConversation,
  ...Array<Change>(3).fill(editConversation),
  newCustomer,
  editCustomer,
  editCustomer,
  newKobject,
  editKobject,
  editKobject,
  newNote,
  newNote,
  editNote,
  editMessage,
  ...Array<Change>(4).fill(deleteRow),
  changeTag,
  changeTeam,
  changeShortcut,
  changeUser,
];

/** Makes a dealer of changes: each call makes `count` of them, all at the instant `now` (ms). */
export function createChanges(world: World): (count: number, now: number) => ChangeSummary {
  const random = new Random(hash(world.seed, 777));
  let deck: Change[] = [];
  return (count, now) => {
    const deeds = new Map<string, Deed>();
    const summary = Object.fromEntries(
      STREAM_NAMES.map((name) => [name, { created: 0, updated: 0, deleted: 0 }]),
    ) as ChangeSummary;
    const note = (stream: StreamName, row: number, deed: Deed): void => {
      const key = `${stream} ${row}`;
      const before = deeds.get(key);
      if (before === "created" && deed === "updated") return;
      if (before === "deleted" && world.tables[stream].deleted[row] !== 0) return;
      if (before !== undefined) summary[stream][before]--;
      deeds.set(key, deed);
      summary[stream][deed]++;
    };
    // In an account that was made empty there is nobody to do anything.
    for (let left = world.planned.users === 0 ? 0 : count; left > 0; left--) {
      if (deck.length === 0) deck = shuffle(DECK, random);
      deck.pop()!(world, now, random, note);
    }
    return summary;
  };
}

function shuffle<T>(list: readonly T[], random: Random): T[] {
  const cards = [...list];
  for (let last = cards.length - 1; last > 0; last--) {
    const other = random.int(last + 1);
    [cards[last], cards[other]] = [cards[other]!, cards[last]!];
  }
  return cards;
}

/** A live row, or -1 when a few tries find none. */
function live(table: Table, random: Random): number {
  for (let tries = 0; tries < 20; tries++) {
    const row = random.int(table.size);
    if (table.isLive(row)) return row;
  }
  return -1;
}

type Note = Parameters<Change>[3];

function touch(world: World, stream: StreamName, row: number, now: number, note: Note): void {
  if (world.tables[stream].purged.has(row)) return;
  world.tables[stream].touch(row, now);
  note(stream, row, "updated");
}

function touchConversation(world: World, conversation: number, now: number, note: Note): void {
  touch(world, "conversations", conversation, now, note);
  touch(world, "customers", world.tables.conversations.parent[conversation]!, now, note);
}

function addMessage(world: World, conversation: number, now: number, note: Note): void {
  const message = world.tables.messages.add(now, conversation);
  world.messages.add(conversation, message);
  note("messages", message, "created");
}

function newMessage(world: World, now: number, random: Random, note: Note): void {
  const conversation = live(world.tables.conversations, random);
  if (conversation < 0) return;
  addMessage(world, conversation, now, note);
  touchConversation(world, conversation, now, note);
}

function newConversation(world: World, now: number, random: Random, note: Note): void {
  const customer = live(world.tables.customers, random);
  if (customer >= 0) openConversation(world, customer, now, note);
}

function openConversation(world: World, customer: number, now: number, note: Note): void {
  const conversation = world.tables.conversations.add(now, customer);
  world.conversations.add(customer, conversation);
  note("conversations", conversation, "created");
  addMessage(world, conversation, now, note);
  touch(world, "customers", customer, now, note);
}

function newCustomer(world: World, now: number, _random: Random, note: Note): void {
  const customer = world.tables.customers.add(now, -1);
  note("customers", customer, "created");
  openConversation(world, customer, now, note);
}

function editConversation(world: World, now: number, random: Random, note: Note): void {
  const conversation = live(world.tables.conversations, random);
  if (conversation >= 0) touchConversation(world, conversation, now, note);
}

function edit(stream: StreamName): Change {
  return (world, now, random, note) => {
    const row = live(world.tables[stream], random);
    if (row >= 0) touch(world, stream, row, now, note);
  };
}

function editCustomer(...[world, now, random, note]: Parameters<Change>): void {
  edit("customers")(world, now, random, note);
}

function editKobject(...[world, now, random, note]: Parameters<Change>): void {
  edit("kobjects")(world, now, random, note);
}

function editNote(...[world, now, random, note]: Parameters<Change>): void {
  edit("notes")(world, now, random, note);
}

function editMessage(...[world, now, random, note]: Parameters<Change>): void {
  edit("messages")(world, now, random, note);
}

function newKobject(world: World, now: number, random: Random, note: Note): void {
  const customer = live(world.tables.customers, random);
  if (customer < 0) return;
  const kobject = world.tables.kobjects.add(now, customer);
  world.kobjects.add(customer, kobject);
  note("kobjects", kobject, "created");
  touch(world, "customers", customer, now, note);
}

function newNote(world: World, now: number, random: Random, note: Note): void {
  const conversation = live(world.tables.conversations, random);
  if (conversation < 0) return;
  const row = world.tables.notes.add(now, conversation);
  world.notes.add(conversation, row);
  note("notes", row, "created");
  touchConversation(world, conversation, now, note);
}

function deleteRow(world: World, now: number, random: Random, note: Note): void {
  const stream = random.pick([
    "messages",
    "messages",
    "conversations",
    "customers",
    "kobjects",
    "notes",
  ] as const);
  const table = world.tables[stream];
  const row = live(table, random);
  if (row < 0) return;
  table.delete(row, now);
  note(stream, row, "deleted");
  // The customer counts its conversations by status.
  if (stream === "conversations") touch(world, "customers", table.parent[row]!, now, note);
}

/** Adds, renames or deletes, and now and then brings a deleted one back. */
function changeSetting(
  stream: "tags" | "shortcuts",
  world: World,
  now: number,
  random: Random,
  note: Note,
): void {
  const table = world.tables[stream];
  const gone = table.deleted.findIndex((at, row) => at !== 0 && !table.purged.has(row));
  const roll = random.next();
  if (roll < 0.25) {
    note(stream, table.add(now, -1), "created");
  } else if (roll < 0.35 && gone >= 0) {
    table.restore(gone, now);
    note(stream, gone, "updated");
  } else {
    const row = live(table, random);
    if (row < 0) return;
    if (roll < 0.8) {
      touch(world, stream, row, now, note);
    } else {
      table.delete(row, now);
      note(stream, row, "deleted");
    }
  }
}

function changeTag(world: World, now: number, random: Random, note: Note): void {
  changeSetting("tags", world, now, random, note);
}

function changeShortcut(world: World, now: number, random: Random, note: Note): void {
  changeSetting("shortcuts", world, now, random, note);
}

/** Somebody joins or leaves a team. */
function changeTeam(world: World, now: number, random: Random, note: Note): void {
  edit("teams")(world, now, random, note);
}

/** Somebody is hired, leaves, comes back, follows an invitation, or changes a name; the desk is never left empty. */
function changeUser(world: World, now: number, random: Random, note: Note): void {
  const { users } = world.tables;
  const roll = random.next();
  const row = random.int(users.size);
  if (users.purged.has(row)) return;
  const active = users.deleted.filter((_, user) => users.isLive(user) && !world.invited.has(user)).length;
  if (roll < 0.2) {
    note("users", users.add(now, -1), "created");
  } else if (world.invited.delete(row)) {
    touch(world, "users", row, now, note);
  } else if (users.deleted[row] !== 0) {
    users.restore(row, now);
    note("users", row, "updated");
  } else if (roll < 0.6 && row >= world.machines && active > 3) {
    users.delete(row, now);
    note("users", row, "deleted");
  } else {
    touch(world, "users", row, now, note);
  }
}
