/** Messages, each with the meta of its channel, and the notes that agents write to each other. */
import type { Resource } from "../lib/resource.ts";
import { formatTime } from "../lib/time.ts";
import { deletedAttributes, times, toOne, toOrg, toUser } from "./links.ts";
import { hash, Random } from "./random.ts";
import { SHOP } from "./shop-data.ts";
import type { Table } from "./table.ts";
import {
  agentOf,
  conversationChannel,
  conversationSlots,
  conversationSubject,
  customerLanguage,
  customerPerson,
  customerPhone,
  importedAt,
  messageDirection,
  messageText,
  userName,
} from "./traits.ts";
import type { World } from "./world.ts";

const APPS: Readonly<Record<string, string>> = {
  email: "postmark",
  sms: "twilio",
  voice: "twilio",
  whatsapp: "whatsapp",
};

export function renderMessage(world: World, row: number): Resource {
  const table = world.tables.messages;
  const id = table.id(row);
  const conversation = table.parent[row]!;
  const customer = world.tables.conversations.parent[conversation]!;
  const random = new Random(hash(table.salt, row, 40));
  const channel = conversationChannel(world, conversation);
  const direction = messageDirection(world, row);
  const text = messageText(world, row);
  const first = world.messages.nth(conversation, row) === 0;
  const redacted = random.chance(0.01);
  const external = direction === "in" && channel === "email";
  const author = toUser(world, agentOf(world, table, row, 1));
  const sent = table.created[row]! - 200 - random.int(3_000);
  return {
    type: "message",
    id,
    attributes: {
      ...(external
        ? { externalId: `<${hash(table.salt, row, 41).toString(36)}=+${row}@mail.example.com>` }
        : {}),
      channel,
      app: APPS[channel] ?? "chat",
      size: random.chance(0.5) ? 0 : text.length,
      direction,
      directionType:
        direction === "in" ? (first ? "initial-in" : "followup-in") : first ? "initial-out" : "response-out",
      preview: redacted ? "" : text,
      ...(channel === "email"
        ? {
            subject: first
              ? conversationSubject(world, conversation)
              : `Re: ${conversationSubject(world, conversation)}`,
          }
        : {}),
      sentiment: random.chance(0.3)
        ? { polarity: random.int(3) - 1, confidence: (50 + random.int(50)) / 100 }
        : {},
      lang: customerLanguage(world, customer),
      meta: meta(world, row, channel, direction, random),
      // What a revision changes: the far side's word on delivery.
      status: direction === "in" ? "received" : table.rev[row]! % 2 === 0 ? "read" : "sent",
      auto: random.chance(0.05),
      redacted,
      ...(direction === "out"
        ? { responseTime: 60_000 + random.int(9_000_000), responseBusinessTime: 60_000 + random.int(900_000) }
        : {}),
      assignedTeams: [],
      assignedUsers: [],
      createdByTeams: [],
      reactions: random.chance(0.03) ? [{ emoji: "❤️" }] : [],
      intentDetections: [],
      rev: table.rev[row],
      sentAt: formatTime(sent),
      modifiedAt: formatTime(table.updated[row]!),
      ...times(table, row),
      // Kustomer sends no `deletedAt` for messages.
      ...(table.deleted[row] === 0 ? {} : { deleted: true }),
    },
    relationships: {
      org: toOrg(world),
      // Its own example has the plural type here.
      customer: { ...toOne("customers", "customers", world.tables.customers.id(customer)) },
      conversation: toOne("conversation", "conversations", world.tables.conversations.id(conversation)),
      ...(direction === "out" ? { createdBy: author } : {}),
      // Nobody of the house has written what came in, until somebody changes it.
      ...(table.rev[row]! > 1
        ? { modifiedBy: toUser(world, agentOf(world, table, row, 2)) }
        : direction === "out"
          ? { modifiedBy: author }
          : {}),
    },
    links: { self: `/v1/messages/${id}`, related: `/v1/${APPS[channel] ?? "chat"}/messages/${id}` },
  };
}

function meta(
  world: World,
  row: number,
  channel: string,
  direction: string,
  random: Random,
): Record<string, unknown> {
  const conversation = world.tables.messages.parent[row]!;
  const customer = world.tables.conversations.parent[conversation]!;
  const person = customerPerson(world, customer);
  const inward = direction === "in";
  if (channel === "email") {
    const to = inward ? SHOP.mail : person.mail;
    return {
      ...(inward
        ? { recipient: { mailboxHash: "", email: SHOP.mail } }
        : { inReplyTo: `<${row}@${SHOP.domain}>` }),
      // Seen in the wild as an array, an object and a bare string.
      to: random.chance(0.85)
        ? [{ email: to, name: inward ? SHOP.name : person.name }]
        : random.chance(0.5)
          ? { email: to }
          : to,
      cc: random.chance(0.9)
        ? []
        : random.chance(0.5)
          ? "accounts@example.com, boss@example.com"
          : { email: "accounts@example.com" },
      bcc: [],
      from: inward ? person.mail : SHOP.mail,
      subject: conversationSubject(world, conversation),
    };
  }
  if (channel === "sms" || channel === "whatsapp" || channel === "voice") {
    const phone = customerPhone(world, customer);
    const ends = inward ? { from: phone, to: "+1 555 0100" } : { from: "+1 555 0100", to: phone };
    return channel === "voice" ? { ...ends, duration: 20 + random.int(900), recording: null } : ends;
  }
  return random.chance(0.2)
    ? {}
    : { page: `https://www.${SHOP.domain}/help`, device: random.pick(["ios", "android", "desktop"]) };
}

const NOTES: readonly string[] = [
  "@{mention} can you take this one? Customer speaks {language}.",
  "Called {carrier}: parcel for {order} is lost, sending a new {product}.",
  "Refund of {amount} approved by {mention}.",
  "Third contact about {order} — please be generous.",
  "Warehouse says the {product} is back in stock in {days} days.",
  "Photo looks like transport damage → claim opened. ✅",
  "@{mention} @{second} see the thread with finance, do not close yet!",
  "Möglicher Betrugsfall, bitte prüfen.",
  "Customer is a wholesale account, {amount} is fine.",
  "ok",
];

export function renderNote(world: World, row: number): Resource {
  const table: Table = world.tables.notes;
  const id = table.id(row);
  const conversation = table.parent[row]!;
  const customer = world.tables.conversations.parent[conversation]!;
  const random = new Random(hash(table.salt, row, 40, table.rev[row]));
  const author = agentOf(world, table, row, 1);
  const colleagues = [agentOf(world, table, row, 4), agentOf(world, table, row, 5)];
  const template = random.pick(NOTES);
  const slots: Record<string, string> = {
    ...conversationSlots(world, conversation),
    mention: userName(world, colleagues[0]!).split(" ")[0]!,
    second: userName(world, colleagues[1]!).split(" ")[0]!,
    language: customerLanguage(world, customer),
  };
  const mentioned = colleagues.slice(0, template.split("@").length - 1);
  const imported = importedAt(table, row);
  return {
    type: "note",
    id,
    attributes: {
      body: template.replace(/\{(\w+)\}/g, (whole, slot: string) => slots[slot] ?? whole),
      ...times(table, row),
      ...(imported === null ? {} : { importedAt: formatTime(imported), externalId: `legacy-${row}` }),
      ...deletedAttributes(table, row),
      userMentions: mentioned.map((user) => world.tables.users.id(user)),
      createdByTeams: [],
    },
    relationships: {
      org: toOrg(world),
      customer: toOne("customer", "customers", world.tables.customers.id(customer)),
      createdBy: toUser(world, author),
      ...(table.rev[row]! > 2 ? { modifiedBy: toUser(world, author) } : {}),
      ...(table.deleted[row] === 0 ? {} : { deletedBy: toUser(world, author) }),
      conversation: toOne("conversation", "conversations", world.tables.conversations.id(conversation)),
    },
    links: { self: `/v1/notes/${id}` },
  };
}
