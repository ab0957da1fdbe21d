/** Conversations: state, assignment, and counts and service times that agree with their messages and notes. */
import type { Resource } from "../lib/resource.ts";
import { formatTime } from "../lib/time.ts";
import { authors, deletedAttributes, times, toOne } from "./links.ts";
import { hash, Random } from "./random.ts";
import {
  agentOf,
  conversationChannel,
  conversationStatus,
  conversationSubject,
  conversationTopic,
  customerLanguage,
  importedAt,
  messageDirection,
  messageText,
} from "./traits.ts";
import type { World } from "./world.ts";

const DAY = 86_400_000;

type Talk = {
  readonly channel: string;
  readonly messages: readonly number[];
  readonly inward: readonly number[];
  readonly outward: readonly number[];
  readonly notes: number;
};

export function renderConversation(world: World, row: number): Resource {
  const table = world.tables.conversations;
  const id = table.id(row);
  const random = new Random(hash(table.salt, row, 40));
  const messages = world.messages.of(row);
  const talk: Talk = {
    channel: conversationChannel(world, row),
    messages,
    inward: messages.filter((message) => messageDirection(world, message) === "in"),
    outward: messages.filter((message) => messageDirection(world, message) === "out"),
    notes: world.notes.count(row),
  };
  const customer = world.tables.customers.id(table.parent[row]!);
  const language = customerLanguage(world, table.parent[row]!);
  const last = messages.at(-1)!;
  const lastAt = formatTime(world.tables.messages.created[last]!);
  const imported = importedAt(table, row);
  const ended = talk.channel === "chat" && random.chance(0.6);
  return {
    type: "conversation",
    id,
    attributes: {
      name: talk.channel === "email" ? conversationSubject(world, row) : random.chance(0.2) ? "" : null,
      channels: [talk.channel],
      ...state(world, row, talk),
      messageCount: messages.length,
      noteCount: talk.notes,
      inboundMessageCount: talk.inward.length,
      outboundMessageCount: talk.outward.length,
      satisfaction: random.chance(0.15) ? 1 + random.int(5) : 0,
      satisfactionLevel: { sentByTeams: [] },
      ...times(table, row),
      ...(imported === null ? {} : { importedAt: formatTime(imported) }),
      ...deletedAttributes(table, row),
      lastActivityAt: formatTime(table.updated[row]!),
      lastMessageAt: lastAt,
      lastMessageDirection: messageDirection(world, last),
      preview: messageText(world, last),
      ...ends(world, talk),
      tags: tags(world, row, random),
      suggestedTags: random.chance(0.1) ? [conversationTopic(world, row)] : [],
      suggestedShortcuts: [],
      sentiment: random.chance(0.4)
        ? { polarity: random.int(3) - 1, confidence: (50 + random.int(50)) / 100 }
        : {},
      direction: messageDirection(world, messages[0]!),
      defaultLang: language,
      locale: random.chance(0.3) ? language : null,
      priority: 1 + random.int(5),
      spam: random.chance(0.01),
      pinned: false,
      snoozeCount: random.int(2),
      reopenCount: random.int(2),
      reopenFromDoneCount: 0,
      ended,
      ...(ended ? { endedAt: lastAt, endedByType: "customer", endedReason: "customer_ended" } : {}),
      ...(random.chance(0.1) ? { externalId: `chat:${hash(table.salt, row, 41).toString(36)}` } : {}),
      custom: random.chance(0.7) ? custom(world, row, random) : {},
      linkedConversations: [],
      matchedTimeBasedRules: [],
      roleGroupVersions: [],
      accessOverride: [],
      modificationHistory: { nameAt: null, priorityAt: null, channelAt: null },
      rev: table.rev[row],
      ...(table.updated[row]! >= world.anchor - 60 * DAY ? { aiSummary: summary(world, row, talk) } : {}),
    },
    relationships: {
      ...authors(world, table, row),
      customer: toOne("customer", "customers", customer),
      messages: { links: { self: `/v1/conversations/${id}/messages` } },
      ...(random.chance(0.4) ? { queue: toOne("queue", "queues", "6180f00d0c0ffee0aa550001") } : {}),
      ...(random.chance(0.1) ? { sla: toOne("sla", "slas", "5a7b6d7067cd0a00013a7982") } : {}),
    },
    links: { self: `/v1/conversations/${id}` },
  };
}

/** Who has it, and what became of it. */
function state(world: World, row: number, talk: Talk): Record<string, unknown> {
  const table = world.tables.conversations;
  const status = conversationStatus(world, row);
  const user = world.tables.users.id(agentOf(world, table, row, 1));
  const team = world.tables.teams.id(hash(table.salt, row, 42) % world.planned.teams);
  const handled = talk.outward.length > 0;
  const assigned = { assignedUsers: handled ? [user] : [], assignedTeams: handled ? [team] : [] };
  const at = formatTime(table.updated[row]!);
  const time = table.updated[row]! - table.created[row]!;
  const done = {
    ...assigned,
    createdAt: at,
    createdBy: user,
    createdByTeams: [team],
    time,
    businessTime: Math.floor(time / 3),
    messageCount: talk.messages.length,
    noteCount: talk.notes,
    outboundMessageCount: talk.outward.length,
    messageCountByChannel: { [talk.channel]: talk.messages.length },
    outboundMessageCountByChannel: { [talk.channel]: talk.outward.length },
    lastMessageDirection: messageDirection(world, talk.messages.at(-1)!),
    lastMessageDirectionType: "customer",
  };
  return {
    status,
    ...assigned,
    open: { statusAt: formatTime(table.created[row]!) },
    ...(status === "snoozed"
      ? { snooze: { status: "scheduled", statusAt: at, time: formatTime(table.updated[row]! + 2 * DAY) } }
      : {}),
    doneCount: status === "done" ? 1 : 0,
    ...(status === "done"
      ? { firstDone: done, lastDone: done, totalDone: { time, businessTime: done.businessTime } }
      : {}),
  };
}

/** The first and the last message each way, and how long the first answer took. */
function ends(world: World, talk: Talk): Record<string, unknown> {
  const { messages, users } = world.tables;
  const describe = (message: number) => ({
    id: messages.id(message),
    channel: talk.channel,
    createdAt: formatTime(messages.created[message]!),
    sentAt: formatTime(messages.created[message]!),
    directionType: messageDirection(world, message) === "in" ? "initial-in" : "response-out",
  });
  const by = (message: number) => ({
    createdBy: users.id(agentOf(world, messages, message, 1)),
    createdByTeams: [],
  });
  const [firstIn] = talk.inward;
  const [firstOut] = talk.outward;
  const answered = firstIn !== undefined && firstOut !== undefined && firstOut > firstIn;
  const time = answered ? messages.created[firstOut]! - messages.created[firstIn]! : 0;
  return {
    lastMessageIn: talk.inward.length > 0 ? describe(talk.inward.at(-1)!) : {},
    ...(firstIn === undefined
      ? {}
      : {
          firstMessageIn: describe(firstIn),
          lastReceivedAt: formatTime(messages.created[talk.inward.at(-1)!]!),
        }),
    ...(firstOut === undefined
      ? {}
      : {
          firstMessageOut: { ...describe(firstOut), ...by(firstOut) },
          lastMessageOut: { ...describe(talk.outward.at(-1)!), ...by(talk.outward.at(-1)!) },
        }),
    firstResponse: answered
      ? {
          ...describe(firstOut),
          ...by(firstOut),
          assignedUsers: [],
          assignedTeams: [],
          time,
          responseTime: time,
          businessTime: Math.floor(time / 3),
        }
      : {},
  };
}

function tags(world: World, row: number, random: Random): string[] {
  const count = random.chance(0.6) ? random.int(4) : 0;
  const ids = Array.from({ length: count }, (_, nth) =>
    world.tables.tags.id(hash(world.tables.conversations.salt, row, 43, nth) % world.planned.tags),
  );
  return [...new Set(ids)];
}

function custom(world: World, row: number, random: Random): Record<string, unknown> {
  const { rev, created } = world.tables.conversations;
  return {
    contactReasonTree: `orders.${conversationTopic(world, row)}`,
    ...(random.chance(0.5) ? { refundStatusStr: random.pick(["", "requested", "approved", "paid"]) } : {}),
    ...(random.chance(0.3) ? { autoResponseAt: formatTime(created[row]! + 1_500) } : {}),
    ...(random.chance(0.2) ? { deskTicketUrl: `https://tickets.example.com/${row}?rev=${rev[row]}` } : {}),
    escalatedBool: random.chance(0.05),
    csatNum: random.chance(0.2) ? random.int(11) / 2 : null,
  };
}

function summary(world: World, row: number, talk: Talk): string {
  const topic = conversationTopic(world, row);
  return `Customer wrote about “${topic}” by ${talk.channel}; ${talk.messages.length} messages, ${talk.outward.length} from us. Status: ${conversationStatus(world, row)}.`;
}
