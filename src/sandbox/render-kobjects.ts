/** Custom objects of three klasses: orders, returns and reviews, with what a shop's connector writes into them. */
import type { Resource } from "../lib/resource.ts";
import { deletedAttributes, offsetTime, times, toOne, toOrg } from "./links.ts";
import { hash, Random } from "./random.ts";
import { PRODUCTS, RETURN_REASONS } from "./shop-data.ts";
import { importedAt, kobjectKlass, orderName } from "./traits.ts";
import type { World } from "./world.ts";

type RawJson = { rawJSON(text: string): unknown };

/** A number that no double holds, to be written as it stands. */
const BEYOND_DOUBLE = "90071992547409931";

const STEPS = ["received", "packed", "shipped", "delivered", "fulfilled"];

export function renderKobject(world: World, row: number): Resource {
  const table = world.tables.kobjects;
  const id = table.id(row);
  const klass = kobjectKlass(world, row);
  const random = new Random(hash(table.salt, row, 40));
  const customer = table.parent[row]!;
  const { modifiedAt: _, ...at } = times(table, row);
  const imported = importedAt(table, row);
  return {
    type: `kobject.${klass}`,
    id,
    attributes: {
      ...CONTENT[klass](world, row, random),
      ...(imported === null ? {} : { externalId: `gid://shop/${klass}/${row}` }),
      klassDisplayName: klass[0]!.toUpperCase() + klass.slice(1),
      tags: [],
      ...at,
      ...deletedAttributes(table, row),
      roleGroupVersions: [],
      rev: table.rev[row],
    },
    relationships: {
      org: toOrg(world),
      customer: toOne("customer", "customers", world.tables.customers.id(customer)),
      // The klass has `link` where all others have `links`, and its name for an id.
      klass: { link: { self: `/v1/klasses/${klass}` }, data: { type: "klass", id: klass } },
    },
    links: { self: `/v1/klasses/${klass}s/${id}` },
  };
}

const CONTENT: Readonly<
  Record<
    "order" | "return" | "review",
    (world: World, row: number, random: Random) => Record<string, unknown>
  >
> = { order, return: returned, review };

function order(world: World, row: number, random: Random): Record<string, unknown> {
  const { parent, created, updated, rev } = world.tables.kobjects;
  const items = 1 + random.int(4);
  const bought = Array.from({ length: items }, () => random.pick(PRODUCTS));
  const total = Math.round(bought.reduce((sum, product) => sum + product.price, 0) * 100) / 100;
  const name = orderName(world, parent[row]!, world.kobjects.nth(parent[row]!, row));
  return {
    title: `Order ${name} (${items} items ordered for $${total})`,
    description: random.chance(0.8) ? null : "",
    icon: "truck-delivery",
    images: [`https://cdn.example.com/products/${bought[0]!.sku.toLowerCase()}.jpg`],
    custom: {
      orderNumberNum: Number(name.slice(1)),
      orderStatusStr: STEPS[rev[row]! % STEPS.length],
      billingStatusStr: random.pick(["authorized", "paid", "refunded"]),
      shippingCountryStr: random.pick(["US", "DE", "FR", "ES", "BR", "JP", "AE", "IN", "GB"]),
      skusTxt: bought.map((product) => product.sku).join("\n"),
      totalPriceNum: total,
      orderCreatedAt: offsetTime(created[row]!, -5),
      orderUpdatedAt: offsetTime(updated[row]!, random.pick([-5, 2, 9])),
      refundedBool: random.chance(0.1),
      specialInstructionsStr: random.chance(0.2) ? "It is a gift, please leave the price tag out 🎁" : "",
      ...(row % 97 === 0 ? { warehouseRefNum: (JSON as unknown as RawJson).rawJSON(BEYOND_DOUBLE) } : {}),
    },
  };
}

function returned(world: World, row: number, random: Random): Record<string, unknown> {
  const { parent, rev, updated } = world.tables.kobjects;
  const product = random.pick(PRODUCTS);
  return {
    title: `Return of ${product.name}`,
    description: `1 × ${product.sku}`,
    icon: "box",
    images: [],
    status: ["open", "done", "open"][rev[row]! % 3],
    custom: {
      orderNameStr: orderName(world, parent[row]!, 0),
      reasonTree: `return.${random.pick(RETURN_REASONS)}`,
      refundAmountNum: product.price,
      labelUrl: `https://labels.example.com/${row}.pdf`,
      receivedAt: random.chance(0.5) ? offsetTime(updated[row]!, 1) : null,
      restockableBool: random.chance(0.7),
    },
  };
}

function review(world: World, row: number, random: Random): Record<string, unknown> {
  const product = random.pick(PRODUCTS);
  const score = 1 + random.int(5);
  return {
    title: `${"★".repeat(score)} ${product.name}`,
    icon: "star",
    images: [],
    custom: {
      scoreNum: score,
      skuStr: product.sku,
      commentTxt: random.pick([
        "Love it!",
        "Gut, aber teuer.",
        "Très déçue de la couleur.",
        "Tal y como en la foto",
        "とても良いです",
        "",
      ]),
      publishedBool: world.tables.kobjects.rev[row]! > 1,
    },
  };
}
