import { describe, expect, test } from "bun:test";
import { DAY, makeWorld, startOfDay, twoYearsBefore } from "../../src/sandbox/dataset.ts";
import { bulkInstant } from "../../src/sandbox/dataset-marks.ts";
import { render, truthOf } from "../../src/sandbox/render.ts";
import { STREAM_NAMES, type StreamName, type World } from "../../src/sandbox/world.ts";
import { findStream } from "../../src/streams/index.ts";
import type { Row } from "./ask.ts";

const NOW = Date.UTC(2026, 10, 23, 9, 30);
const world = makeWorld({ rows: 5_000, seed: 1, now: NOW });
const rowsOf = (of: World, stream: StreamName): Row[] =>
  Array.from({ length: of.tables[stream].size }, (_, row) => render(of, stream, row) as unknown as Row);
const rows = Object.fromEntries(STREAM_NAMES.map((name) => [name, rowsOf(world, name)])) as Record<
  StreamName,
  Row[]
>;
const idsOf = Object.fromEntries(STREAM_NAMES.map((name) => [name, new Set(rows[name].map(({ id }) => id))]));

const relationOf = (row: Row, name: string): string | undefined =>
  (row.relationships[name] as { data?: { id: string } } | undefined)?.data?.id;

describe("size", () => {
  test.each([0, 50, 200, 777, 4_999, 5_000, 12_345])("%d rows are that many over all streams", (total) => {
    const { tables } = makeWorld({ rows: total, seed: 3, now: NOW });
    expect(STREAM_NAMES.reduce((sum, name) => sum + tables[name].size, 0)).toBe(total);
  });

  test("is shared out as at a support desk", () => {
    const share = (name: StreamName) => world.tables[name].size / 5_000;
    expect(share("messages")).toBeWithin(0.38, 0.46);
    expect(share("conversations")).toBeWithin(0.15, 0.2);
    expect(share("customers")).toBeWithin(0.15, 0.2);
    expect(share("kobjects")).toBeWithin(0.1, 0.14);
    expect(share("notes")).toBeWithin(0.06, 0.11);
    expect(rows.teams.length).toBeWithin(8, 13);
    expect(rows.tags.length).toBeWithin(35, 50);
    expect(rows.shortcuts.length).toBeWithin(25, 36);
    expect(rows.users.length).toBeGreaterThanOrEqual(25);
  });

  test("of half a million rows is made in seconds", () => {
    const large = makeWorld({ rows: 500_000, seed: 1, now: NOW });
    expect(large.tables.messages.size).toBeGreaterThan(200_000);
    const tied = large.tables.conversations.updated.filter((ms) => ms === bulkInstant(large.anchor));
    expect(tied).toHaveLength(1_200);
  }, 20_000);
});

describe("a seed", () => {
  const text = (seed: number, now: number) =>
    JSON.stringify(STREAM_NAMES.map((name) => rowsOf(makeWorld({ rows: 300, seed, now }), name)));

  test("gives the same rows all day, and another seed others", () => {
    expect(text(5, NOW)).toBe(text(5, NOW + 3 * 3_600_000));
    expect(text(5, NOW)).not.toBe(text(6, NOW));
  });
});

describe("times", () => {
  test("stand in their order and before the day of the server's start", () => {
    expect(world.anchor).toBe(startOfDay(NOW));
    for (const name of STREAM_NAMES) {
      for (const { attributes } of rows[name]) {
        const { createdAt, updatedAt, modifiedAt } = attributes as Record<string, string>;
        expect(createdAt! <= updatedAt!).toBe(true);
        expect(modifiedAt === undefined || (modifiedAt >= createdAt! && modifiedAt <= updatedAt!)).toBe(true);
        expect(Date.parse(updatedAt!)).toBeLessThan(world.anchor);
        expect(Date.parse(createdAt!)).toBeGreaterThan(world.anchor - 3.1 * 365 * DAY);
      }
    }
  });

  test("reach behind the border of two years, and crowd around it", () => {
    const border = twoYearsBefore(NOW);
    const all = STREAM_NAMES.flatMap((name) => world.tables[name].updated);
    expect(all.filter((ms) => ms < border).length / all.length).toBeWithin(0.08, 0.18);
    expect(all.filter((ms) => Math.abs(ms - border) < 5 * DAY).length).toBeGreaterThan(100);
    const recent = all.filter((ms) => ms > NOW - 365 * DAY).length;
    expect(recent).toBeGreaterThan(all.length / 2);
  });

  test("of messages and notes lie within their conversation's", () => {
    for (const [name, children] of [
      ["messages", world.messages],
      ["notes", world.notes],
    ] as const) {
      for (let row = 0; row < world.tables.conversations.size; row++) {
        for (const child of children.of(row)) {
          expect(world.tables[name].created[child]!).toBeGreaterThanOrEqual(
            world.tables.conversations.created[row]!,
          );
          expect(world.tables[name].created[child]!).toBeLessThanOrEqual(
            world.tables.conversations.updated[row]!,
          );
        }
      }
    }
  });

  test("twoYearsBefore goes by the calendar", () => {
    expect(new Date(twoYearsBefore(NOW)).toISOString()).toBe("2024-11-23T09:30:00.000Z");
  });
});

describe("ties", () => {
  const sizes = (of: World, stream: StreamName) => {
    const groups = Map.groupBy(of.tables[stream].updated, (ms) => ms);
    return [...groups.values()].map((group) => group.length).sort((a, b) => b - a);
  };

  test.each([
    [5_000, "messages", 1_200],
    [1_000, "messages", 200],
    [30_000, "conversations", 1_200],
  ] as const)("of %d rows: one edit touched exactly so many %s: %d", (total, stream, count) => {
    const of = makeWorld({ rows: total, seed: 2, now: NOW });
    const { updated, created } = of.tables[stream];
    const touched = updated.flatMap((ms, row) => (ms === bulkInstant(of.anchor) ? [row] : []));
    expect(touched).toHaveLength(count);
    expect(sizes(of, stream)[0]).toBe(count);
    expect(new Set(touched.map((row) => created[row])).size).toBeGreaterThan(count * 0.9);
  });

  test("come in small groups too", () => {
    for (const name of ["conversations", "customers", "kobjects", "messages"] as const) {
      expect(sizes(world, name).filter((size) => size > 1 && size < 10).length).toBeGreaterThan(1);
    }
  });
});

describe("rows hang together", () => {
  test("every reference leads to a row", () => {
    const streams: Record<string, StreamName> = {
      customer: "customers",
      conversation: "conversations",
      createdBy: "users",
      modifiedBy: "users",
      deletedBy: "users",
    };
    for (const name of STREAM_NAMES) {
      for (const row of rows[name]) {
        for (const [relation, stream] of Object.entries(streams)) {
          const id = relationOf(row, relation);
          if (id !== undefined) expect(idsOf[stream]!.has(id)).toBe(true);
        }
      }
    }
    for (const { attributes } of rows.conversations) {
      for (const id of attributes.tags as string[]) expect(idsOf.tags!.has(id)).toBe(true);
      for (const id of attributes.assignedUsers as string[]) expect(idsOf.users!.has(id)).toBe(true);
      for (const id of attributes.assignedTeams as string[]) expect(idsOf.teams!.has(id)).toBe(true);
    }
    for (const { attributes } of rows.teams) {
      for (const id of attributes.members as string[]) expect(idsOf.users!.has(id)).toBe(true);
    }
  });

  test("counts are those of the rows counted", () => {
    const messages = Map.groupBy(rows.messages, (row) => relationOf(row, "conversation"));
    const notes = Map.groupBy(rows.notes, (row) => relationOf(row, "conversation"));
    const conversations = Map.groupBy(rows.conversations, (row) => relationOf(row, "customer"));
    for (const { id, attributes } of rows.conversations) {
      const own = messages.get(id) ?? [];
      const inward = own.filter((message) => message.attributes.direction === "in").length;
      expect(attributes.messageCount).toBe(own.length);
      expect(attributes.inboundMessageCount).toBe(inward);
      expect(attributes.outboundMessageCount).toBe(own.length - inward);
      expect(attributes.noteCount).toBe(notes.get(id)?.length ?? 0);
    }
    for (const { id, attributes } of rows.customers) {
      const own = conversations.get(id) ?? [];
      const done = own.filter((conversation) => conversation.attributes.status === "done").length;
      expect(attributes.conversationCounts).toMatchObject({ all: own.length, done });
    }
  });

  test("a message belongs to its conversation's customer", () => {
    const customers = new Map(rows.conversations.map((row) => [row.id, relationOf(row, "customer")]));
    for (const row of [...rows.messages, ...rows.notes]) {
      expect(relationOf(row, "customer")).toBe(customers.get(relationOf(row, "conversation")!));
    }
  });

  test("links lead to the row itself", () => {
    for (const name of STREAM_NAMES) {
      for (const row of rows[name]) {
        expect((row as unknown as { links: { self: string } }).links.self).toEndWith(`/${row.id}`);
      }
    }
  });
});

describe("shapes", () => {
  /** What Kustomer sends and the catalog has no column for, so that a client meets attributes it does not know. */
  const NEW = new Set(["aiSummary", "loyaltyScore", "deleted", "deletedAt"]);

  test.each([...STREAM_NAMES])("of %s are those of the catalog", (name) => {
    const kinds = new Map(
      findStream(name)!.columns.flatMap(({ source, kind }) =>
        source.from === "attribute" ? [[source.name, kind]] : [],
      ),
    );
    for (const { attributes } of rows[name]) {
      for (const [attribute, value] of Object.entries(attributes)) {
        const kind = kinds.get(attribute);
        if (kind === undefined) expect(NEW).toContain(attribute);
        if (value === null || kind === undefined || kind === "json") continue;
        expect([attribute, kindOf(value, kind)]).toEqual([attribute, true]);
      }
    }
  });

  test("of messages have a revision, when it was made, and by whom where that is known", () => {
    for (const row of rows.messages) {
      const { rev, createdAt, updatedAt, modifiedAt, direction } = row.attributes as Record<string, string>;
      expect(rev).toEqual(expect.any(Number));
      expect([modifiedAt! >= createdAt!, modifiedAt! <= updatedAt!]).toEqual([true, true]);
      const { customer, createdBy, modifiedBy } = row.relationships as Record<
        string,
        { data: { type: string } }
      >;
      expect(customer!.data.type).toBe("customers");
      expect(createdBy === undefined).toBe(direction === "in");
      expect(modifiedBy === undefined).toBe(direction === "in" && Number(rev) === 1);
      expect([modifiedBy?.data.type ?? "user"]).toEqual(["user"]);
    }
  });

  test("of messages differ in how they name receivers", () => {
    const shapes = rows.messages.map(({ attributes }) => (attributes.meta as Record<string, unknown>).to);
    expect(shapes.some(Array.isArray)).toBe(true);
    expect(shapes.some((to) => typeof to === "string" && to.includes("@"))).toBe(true);
    expect(shapes.some((to) => typeof to === "object" && !Array.isArray(to))).toBe(true);
  });

  test("of custom objects are those of the recorded ones", () => {
    expect(new Set(rows.kobjects.map(({ type }) => type))).toEqual(
      new Set(["kobject.order", "kobject.return", "kobject.review"]),
    );
    for (const { type, id, relationships } of rows.kobjects) {
      const name = type.slice("kobject.".length);
      expect(relationships.klass).toEqual({
        link: { self: `/v1/klasses/${name}` },
        data: { type: "klass", id: name },
      });
      expect(id).toMatch(/^[0-9a-f]{24}$/);
    }
  });

  test("hold an integer that no double holds, written out", () => {
    const text = JSON.stringify(rows.kobjects);
    expect(text).toContain('"warehouseRefNum":90071992547409931');
  });

  test("hold empty text, null, and times with an offset", () => {
    const text = JSON.stringify(rows.kobjects);
    expect(text).toMatch(/"description":null/);
    expect(text).toMatch(/"specialInstructionsStr":""/);
    expect(text).toMatch(/"orderUpdatedAt":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:00"/);
  });

  test("are written in many scripts", () => {
    const text = rows.messages.map(({ attributes }) => attributes.preview).join("\n");
    for (const script of [
      /\p{Script=Arabic}/u,
      /\p{Script=Devanagari}/u,
      /\p{Script=Hiragana}/u,
      /ß|ü/,
      /ç|é/,
      /ñ|¿/,
      /\p{Emoji_Presentation}/u,
    ]) {
      expect(text).toMatch(script);
    }
    expect(text).not.toMatch(/\{\w+\}/);
    expect(new Set(text.split("\n")).size).toBeGreaterThan(1_000);
  });

  test("attributes that came late are on recently changed rows only", () => {
    for (const [name, attribute] of [
      ["conversations", "aiSummary"],
      ["customers", "loyaltyScore"],
    ] as const) {
      for (const { attributes } of rows[name]) {
        const late = Date.parse(attributes.updatedAt as string) >= world.anchor - 60 * DAY;
        expect(attribute in attributes).toBe(late);
      }
      expect(rows[name].some(({ attributes }) => attribute in attributes)).toBe(true);
    }
  });
});

describe("deletions", () => {
  test.each([...STREAM_NAMES])("some %s are deleted, and truth tells which and when", (name) => {
    const truth = new Map([...truthOf(world, name)].map((row) => [row.id, row]));
    expect(truth.size).toBe(rows[name].length);
    const deleted = [...truth.values()].filter((row) => row.deleted);
    expect(deleted.length).toBeGreaterThan(0);
    expect(deleted.length).toBeLessThan(rows[name].length * (name === "users" ? 0.25 : 0.12));
    for (const { id, attributes } of rows[name]) {
      const expected = truth.get(id)!;
      expect(attributes.updatedAt).toBe(expected.updatedAt);
      expect(attributes.deletedAt ?? null).toBe(expected.deletedAt);
      if (name !== "users") expect(attributes.deleted === true).toBe(expected.deleted);
    }
  });

  test("of messages come without a time", () => {
    expect([...truthOf(world, "messages")].every(({ deletedAt }) => deletedAt === null)).toBe(true);
  });
});

function kindOf(value: unknown, kind: string): boolean {
  if (kind === "int") return Number.isSafeInteger(value);
  if (kind === "real") return typeof value === "number";
  if (kind === "bool") return typeof value === "boolean";
  if (kind === "time") return typeof value === "string" && new Date(value).toISOString() === value;
  return typeof value === "string";
}
