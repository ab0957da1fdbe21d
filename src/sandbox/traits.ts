/**
 * What one row tells about itself that others need too: a customer's name, a conversation's subject, who
 * answered. Each trait follows from the row's number, so that every row that mentions it agrees.
 */

import { AGENTS, LANGUAGES, type Language, MACHINES, PEOPLE, type People } from "./people.ts";
import { fill, PHRASES, type Slots, TOPICS, type Topic } from "./phrases.ts";
import { fraction, hash, Random } from "./random.ts";
import { CARRIERS, EMOJI, MAIL_DOMAINS, PRODUCTS } from "./shop-data.ts";
import type { Table } from "./table.ts";
import type { World } from "./world.ts";

const DAY = 86_400_000;

function choose<T>(list: readonly T[], a: number, b: number, c: number): T {
  return list[hash(a, b, c) % list.length]!;
}

export function customerLanguage(world: World, customer: number): Language {
  let left = fraction(world.tables.customers.salt, customer, 1) * 100;
  for (const language of LANGUAGES) {
    left -= PEOPLE[language].share;
    if (left < 0) return language;
  }
  return "en";
}

export type Person = { first: string; last: string; name: string; mail: string; people: People };

export function customerPerson(world: World, customer: number): Person {
  const people = PEOPLE[customerLanguage(world, customer)];
  const { salt } = world.tables.customers;
  const nth = hash(salt, customer, 2) % people.firstNames.length;
  const first = people.firstNames[nth]!;
  const last = choose(people.lastNames, salt, customer, 3);
  const eastern = people.locale === "ja_JP";
  const local = people.mailNames?.[nth] ?? `${plain(first)}.${plain(last)}`;
  const mail = `${local}${hash(salt, customer, 4) % 1000}@${choose(MAIL_DOMAINS, salt, customer, 5)}`;
  return { first, last, name: eastern ? `${last} ${first}` : `${first} ${last}`, mail, people };
}

function plain(name: string): string {
  return name
    .replaceAll("ß", "ss")
    .normalize("NFD")
    .replace(/[^A-Za-z]/g, "")
    .toLowerCase();
}

/** The telephone number of a customer. */
export function customerPhone(world: World, customer: number): string {
  const random = new Random(hash(world.tables.customers.salt, customer, 6));
  return PEOPLE[customerLanguage(world, customer)].phone.replace(/#/g, () => String(random.int(10)));
}

/** The name of a customer's nth order: `#20481`. */
export function orderName(world: World, customer: number, nth: number): string {
  return `#${20_000 + (hash(world.tables.customers.salt, customer, 7) % 60_000) + nth * 11}`;
}

export const userName = (world: World, user: number): string =>
  user < world.machines
    ? MACHINES[user % MACHINES.length]!
    : `${AGENTS[(user - world.machines) % AGENTS.length]!}${suffix(user - world.machines, AGENTS.length)}`;

function suffix(nth: number, length: number): string {
  return nth < length ? "" : ` ${Math.floor(nth / length) + 1}`;
}

/** The human user who did something; `what` tells apart what one row's users did. */
export function agentOf(world: World, table: Table, row: number, what: number): number {
  // Only those of the beginning: were newcomers among them, old rows would change when somebody joins.
  const humans = world.planned.users - world.machines;
  return world.machines + (hash(table.salt, row, 20, what) % humans);
}

export function conversationTopic(world: World, conversation: number): Topic {
  return choose(TOPICS, world.tables.conversations.salt, conversation, 1);
}

const CHANNELS = [
  "email",
  "email",
  "email",
  "email",
  "email",
  "chat",
  "chat",
  "chat",
  "sms",
  "whatsapp",
  "voice",
  "facebook",
  "instagram",
];

export function conversationChannel(world: World, conversation: number): string {
  return choose(CHANNELS, world.tables.conversations.salt, conversation, 2);
}

/** `done`, `open` or `snoozed`; old conversations are mostly done, and a revision may change it. */
export function conversationStatus(world: World, conversation: number): "done" | "open" | "snoozed" {
  const table = world.tables.conversations;
  const age = world.anchor - table.updated[conversation]!;
  const roll = fraction(table.salt, conversation, 3, table.rev[conversation]!);
  if (roll < (age > 20 * DAY ? 0.93 : 0.45)) return "done";
  return roll < (age > 20 * DAY ? 0.98 : 0.85) ? "open" : "snoozed";
}

export function messageDirection(world: World, message: number): "in" | "out" {
  const { messages, conversations } = world.tables;
  const conversation = messages.parent[message]!;
  const weBegan = hash(conversations.salt, conversation, 4) % 12 === 0;
  const odd = world.messages.nth(conversation, message) % 2 === 1;
  if (odd !== weBegan) return hash(messages.salt, message, 5) % 7 === 0 ? "in" : "out";
  return "in";
}

/** What stands in the slots of everything said in a conversation. */
export function conversationSlots(world: World, conversation: number): Slots {
  const table = world.tables.conversations;
  const customer = table.parent[conversation]!;
  const { first, people } = customerPerson(world, customer);
  const random = new Random(hash(table.salt, conversation, 5));
  const product = random.pick(PRODUCTS);
  return {
    name: first,
    agent: userName(world, agentOf(world, table, conversation, 1)).split(" ")[0]!,
    order: orderName(world, customer, random.int(3)),
    product: product.name,
    city: random.pick(people.cities),
    days: String(2 + random.int(19)),
    amount: `${people.locale === "en_US" ? "$" : "€"}${(product.price * (1 + random.int(3))).toFixed(2)}`,
    carrier: random.pick(CARRIERS),
  };
}

/** The subject line of a conversation. */
export function conversationSubject(world: World, conversation: number): string {
  const language = customerLanguage(world, world.tables.conversations.parent[conversation]!);
  const { subject } = PHRASES[language][conversationTopic(world, conversation)];
  return fill(subject, conversationSlots(world, conversation));
}

/** The words of a message. */
export function messageText(world: World, message: number): string {
  const table = world.tables.messages;
  const conversation = table.parent[message]!;
  const customer = world.tables.conversations.parent[conversation]!;
  const book = PHRASES[customerLanguage(world, customer)];
  const topic = book[conversationTopic(world, conversation)];
  const random = new Random(hash(table.salt, message, 6));
  const slots = conversationSlots(world, conversation);
  const letter = conversationChannel(world, conversation) === "email";
  const first = world.messages.nth(conversation, message) === 0;
  const parts =
    messageDirection(world, message) === "out"
      ? [
          random.pick(book.hello),
          random.pick(topic.replies),
          letter || random.chance(0.3) ? random.pick(book.bye) : "",
        ]
      : first
        ? [
            letter ? random.pick(book.greetings) : "",
            random.pick(topic.asks),
            letter ? random.pick(book.closings) : "",
          ]
        : [random.pick(book.follows), letter && random.chance(0.4) ? random.pick(book.closings) : ""];
  const joined = fill(parts.filter((part) => part !== "").join(letter ? "\n\n" : " "), slots);
  // Templates begin in small letters where a greeting with a comma goes before them.
  const text = joined.replace(
    /(^|[.!?] )(\p{Ll})/gu,
    (_, before: string, small: string) => before + small.toUpperCase(),
  );
  return random.chance(letter ? 0.06 : 0.4) ? `${text} ${random.pick(EMOJI)}` : text;
}

/** The klass of a custom object. */
export function kobjectKlass(world: World, kobject: number): "order" | "return" | "review" {
  const roll = fraction(world.tables.kobjects.salt, kobject, 1);
  return roll < 0.7 ? "order" : roll < 0.88 ? "return" : "review";
}

/** When a person last edited the row, ms: often before its last change, sometimes not known (null). */
export function modifiedAt(table: Table, row: number): number | null {
  const roll = fraction(table.salt, row, 30);
  if (roll < 0.12) return null;
  const updated = table.updated[row]!;
  if (roll < 0.7) return updated;
  return table.created[row]! + Math.floor((updated - table.created[row]!) * fraction(table.salt, row, 31));
}

/** When an import brought the row, ms; null for most, which no import brought. */
export function importedAt(table: Table, row: number): number | null {
  return fraction(table.salt, row, 32) < 0.06 ? table.created[row]! : null;
}
