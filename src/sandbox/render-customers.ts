/** Customers, as the recorded ones look: names, addresses, counts of conversations, the shop's custom attributes. */
import type { Resource } from "../lib/resource.ts";
import { formatTime } from "../lib/time.ts";
import { authors, deletedAttributes, offsetTime, times, toOne, toOrg } from "./links.ts";
import { hash, Random } from "./random.ts";
import { COLORS, ICONS, TIERS } from "./shop-data.ts";
import {
  conversationChannel,
  conversationStatus,
  conversationSubject,
  customerPerson,
  customerPhone,
  importedAt,
  kobjectKlass,
  messageDirection,
  messageText,
  orderName,
} from "./traits.ts";
import type { World } from "./world.ts";

const DAY = 86_400_000;

export function renderCustomer(world: World, row: number): Resource {
  const table = world.tables.customers;
  const id = table.id(row);
  const random = new Random(hash(table.salt, row, 40));
  const person = customerPerson(world, row);
  const phone = random.chance(0.6)
    ? [{ type: "mobile", verified: random.chance(0.2), phone: customerPhone(world, row) }]
    : [];
  const anonymous = random.chance(0.03);
  const conversations = world.conversations.of(row);
  const shopper = random.chance(0.9);
  const imported = importedAt(table, row);
  const externalId =
    imported === null ? null : String(200_000_000 + (hash(table.salt, row, 41) % 90_000_000));
  const updated = table.updated[row]!;
  return {
    type: "customer",
    id,
    attributes: {
      name: anonymous ? "" : person.name,
      displayName: anonymous ? person.mail : person.name,
      displayColor: random.pick(COLORS),
      displayIcon: random.pick(ICONS),
      ...(externalId === null ? {} : { externalId }),
      externalIds: externalId === null ? [] : [{ externalId, verified: true }],
      sharedExternalIds: [],
      emails: [{ type: "home", verified: random.chance(0.5), email: person.mail }],
      sharedEmails: [],
      phones: phone,
      sharedPhones: [],
      whatsapps:
        phone.length > 0 && random.chance(0.2) ? [{ type: "mobile", whatsapp: phone[0]!.phone }] : [],
      sharedWhatsapps: [],
      facebookIds: [],
      instagramIds: random.chance(0.04) ? [{ id: String(random.int(9_000_000)) }] : [],
      smoochIds: [],
      socials: random.chance(0.05) ? [{ type: "instagram", username: `${person.mail.split("@")[0]}_` }] : [],
      sharedSocials: [],
      urls: random.chance(0.03) ? [{ url: "https://example.com/wishlist?id=7&sort=a" }] : [],
      locations: random.chance(0.7)
        ? [{ type: "home", address: `${random.pick(person.people.cities)}, ${1 + random.int(180)}` }]
        : [],
      locale: person.people.locale,
      timeZone: random.chance(0.8) ? person.people.timeZone : null,
      ...(random.chance(0.3) ? { gender: random.pick(["m", "w", "x"]) } : {}),
      ...(random.chance(0.1)
        ? { birthdayAt: formatTime(Date.UTC(1955 + random.int(50), random.int(12), 1 + random.int(28))) }
        : {}),
      activeUsers: [],
      watchers: [],
      recentLocation: random.chance(0.8) ? { updatedAt: formatTime(table.created[row]!) } : null,
      ...times(table, row),
      ...(imported === null ? {} : { importedAt: formatTime(imported) }),
      ...(random.chance(0.2) ? { signedUpAt: formatTime(table.created[row]!) } : {}),
      lastActivityAt: formatTime(updated),
      lastCustomerActivityAt: formatTime(updated),
      deleted: false,
      ...deletedAttributes(table, row),
      ...talk(world, conversations),
      recentItems: recentItems(world, row),
      tags: [],
      custom: custom(world, row, shopper, random),
      progressiveStatus: conversations.length === 0 ? null : conversationStatus(world, conversations.at(-1)!),
      verified: random.chance(0.8),
      rev: table.rev[row],
      satisfactionLevel: { firstSatisfaction: { sentByTeams: [] }, lastSatisfaction: { sentByTeams: [] } },
      sentiment: random.chance(0.3)
        ? { polarity: random.int(3) - 1, confidence: (50 + random.int(50)) / 100 }
        : null,
      roleGroupVersions: [],
      accessOverride: [],
      firstName: anonymous ? null : person.first,
      lastName: anonymous ? null : person.last,
      // An attribute that the account had not known before: a client meets it in the middle of its rows.
      ...(updated >= world.anchor - 60 * DAY ? { loyaltyScore: random.int(1000) / 10 } : {}),
    },
    relationships: {
      messages: { links: { self: `/v1/customers/${id}/messages` } },
      ...(imported === null ? { org: toOrg(world) } : authors(world, table, row)),
      ...(shopper
        ? {
            "shopify-orders": {
              links: { self: `/v1/customers/${id}/klasses/shopify-orders` },
              meta: { kobject: true },
            },
          }
        : {}),
      ...(random.chance(0.02) ? { sla: toOne("sla", "slas", "5a7b6d7067cd0a00013a7982") } : {}),
    },
    links: { self: `/v1/customers/${id}` },
  };
}

/** What the customer's conversations say about the customer. */
function talk(world: World, conversations: readonly number[]): Record<string, unknown> {
  const counts = { all: conversations.length, snoozed: 0, open: 0, done: 0 };
  for (const conversation of conversations) counts[conversationStatus(world, conversation)]++;
  const latest = conversations.at(-1);
  if (latest === undefined) {
    return { lastConversation: { tags: [], channels: [] }, conversationCounts: counts, preview: {} };
  }
  const { messages } = world.tables;
  const message = world.messages.of(latest).at(-1)!;
  const direction = messageDirection(world, message);
  const channel = conversationChannel(world, latest);
  const sentAt = formatTime(messages.created[message]!);
  return {
    lastConversation: {
      id: world.tables.conversations.id(latest),
      sentiment: {},
      tags: [],
      channels: [channel],
    },
    conversationCounts: counts,
    preview: {
      previewAt: sentAt,
      type: `message_${direction}`,
      text: messageText(world, message),
      subject: conversationSubject(world, latest),
      channel,
    },
    lastMessageAt: sentAt,
    [direction === "in" ? "lastMessageIn" : "lastMessageOut"]: { channel, sentAt, sentiment: null },
    ...(direction === "in" ? { lastMessageUnrespondedTo: { channel, sentAt } } : {}),
  };
}

function recentItems(world: World, customer: number): unknown[] {
  const { kobjects } = world.tables;
  return world.kobjects
    .of(customer)
    .slice(-3)
    .map((kobject) => ({
      type: "kobject",
      id: kobjects.id(kobject),
      updatedAt: formatTime(kobjects.created[kobject]!),
      meta: { klassName: kobjectKlass(world, kobject) },
    }));
}

function custom(world: World, row: number, shopper: boolean, random: Random): Record<string, unknown> {
  if (!shopper) return {};
  const { salt, created, rev } = world.tables.customers;
  const orders = world.kobjects.of(row).filter((kobject) => kobjectKlass(world, kobject) === "order").length;
  const spent = Math.round(orders * (20 + random.next() * 130) * 100) / 100;
  return {
    totalSpentNum: spent,
    ordersCountNum: orders,
    lastOrderNameStr: orders === 0 ? "" : orderName(world, row, orders - 1),
    lastOrderIdNum: orders === 0 ? null : 102_700_000_000 + (hash(salt, row, 42) % 9_000_000_000),
    acceptsMarketingBool: random.chance(0.5),
    vipBool: spent > 200,
    loyaltyTierTree: TIERS[(hash(salt, row, 43) + rev[row]!) % TIERS.length],
    ...(random.chance(0.3)
      ? { firstPurchaseAt: offsetTime(created[row]!, random.pick([-5, -8, 1, 9])) }
      : {}),
    ...(random.chance(0.1)
      ? { latestNpsNum: random.int(11), commentTxt: 'Line one\nLine two, with "quotes" and a tab\t.' }
      : {}),
  };
}
