/** Everything Kustomer sent can be read back: law 3. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseJson } from "../../src/lib/json.ts";
import type { Resource } from "../../src/lib/resource.ts";
import { MOST_COLUMNS } from "../../src/store/layout.ts";
import { toResource } from "../../src/store/row.ts";
import type { Store } from "../../src/store/store.ts";
import { put, resource, row, stream, withStore } from "./fixture.ts";

/** Puts rows into a table and reads them back as resources. */
function roundTrip(store: Store, name: string, rows: readonly Resource[]): Resource[] {
  put(store, name, rows);
  return rows.map(({ id }) => toResource(row(store, name, id), store.layout(stream(name))));
}

/** A resource as it compares: JSON text with sorted names, attributes that are null left out. */
function canonical(value: Resource): string {
  const { attributes, ...rest } = value;
  const sent = Object.entries(attributes).filter(([, each]) => each !== null);
  const sorted = (each: unknown): unknown => {
    if (typeof each !== "object" || each === null || JSON.stringify(each)?.[0] !== "{") {
      return Array.isArray(each) ? each.map(sorted) : each;
    }
    const entries = Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1));
    return entries.map(([key, inner]) => [key, sorted(inner)]);
  };
  return JSON.stringify([sorted(Object.fromEntries(sent)), sorted(rest)]);
}

function expectLossless(rows: readonly Resource[], name = "customers"): void {
  withStore((store) => {
    const back = roundTrip(store, name, rows);
    expect(back.map(canonical)).toEqual(rows.map(canonical));
  });
}

describe("each kind takes what is true of it, and _extra keeps the rest", () => {
  const odd = String.fromCharCode(0xd800);
  const cases: [string, string, unknown, unknown][] = [
    ["displayName", "display_name", "Ann", "Ann"],
    ["displayName", "display_name", "", ""],
    ["displayName", "display_name", "a\0b", "a\0b"],
    ["displayName", "display_name", `a${odd}b`, null],
    ["displayName", "display_name", 7, null],
    ["displayName", "display_name", ["a"], null],
    ["rev", "rev", 7, 7],
    ["rev", "rev", 7.5, null],
    ["rev", "rev", "7", null],
    ["verified", "verified", true, 1],
    ["verified", "verified", false, 0],
    ["verified", "verified", 1, null],
    ["createdAt", "created_at", "2024-01-31T10:00:00.123Z", "2024-01-31T10:00:00.123Z"],
    ["createdAt", "created_at", "2024-01-31T10:00:00+02:00", "2024-01-31T08:00:00.000Z"],
    ["createdAt", "created_at", "2024-02-31T10:00:00.123Z", null],
    ["createdAt", "created_at", "1900-01-01T00:00:00.000Z", "1900-01-01T00:00:00.000Z"],
    ["createdAt", "created_at", "yesterday", null],
    ["createdAt", "created_at", 1_700_000_000_000, null],
    ["tags", "tags", ["a"], '["a"]'],
    ["tags", "tags", "a", '"a"'],
    ["tags", "tags", `${odd}`, '"\\ud800"'],
    ["custom", "custom", { aNum: 1, "b.c": [null, {}] }, '{"aNum":1,"b.c":[null,{}]}'],
  ];
  for (const [attribute, column, value, stored] of cases) {
    test(`${column} of ${JSON.stringify(value)} is ${JSON.stringify(stored)}`, () => {
      withStore((store) => {
        const sent = resource("a", { [attribute]: value });
        const [back] = roundTrip(store, "customers", [sent]);
        const found = row(store, "customers", "a");
        expect(found[column]).toEqual(stored as never);
        expect(back!.attributes[attribute]).toEqual(value as never);
        const exact = stored !== null && (column !== "created_at" || stored === value);
        expect(found._extra === null).toBe(exact);
      });
    });
  }

  test("a misfit is found by its name with json_extract", () => {
    withStore((store) => {
      put(store, "customers", [resource("a", { displayName: 7 })]);
      const [found] = store.query("SELECT json_extract(_extra, '$.displayName') AS name FROM customers");
      expect(found).toEqual({ name: 7 });
    });
  });

  test("numbers that no double holds are kept as Kustomer wrote them", () => {
    const text = `{"id":"a","type":"customer","attributes":{"rev":9007199254740993,"lastSeenAt":1e309,
      "novelNum":12345678901234567890,"custom":{"big":90071992547409931,"fine":1.5}}}`;
    withStore((store) => {
      put(store, "customers", [parseJson(text) as Resource]);
      const [found] = store.query("SELECT CAST(rev AS TEXT) AS rev, custom, _extra FROM customers");
      expect(found).toEqual({
        rev: "9007199254740993",
        custom: '{"big":90071992547409931,"fine":1.5}',
        _extra: '{"lastSeenAt":1e309,"novelNum":12345678901234567890}',
      });
    });
  });
});

describe("relationships", () => {
  test("to one become ids, whatever surrounds them; the whole is kept verbatim", () => {
    const relationships = {
      org: { links: { self: "/v1/orgs/o" }, data: { type: "org", id: "o1" } },
      klass: { link: { self: "/v1/klasses/order" }, data: { type: "klass", id: "order" } },
      customer: { data: { type: "customers", id: "c1" } },
      "shopify-orders": { links: { self: "/x" }, meta: { kobject: true } },
      parent: { data: null },
      accessUsers: [],
      attachments: { data: [] },
      novelThing: { data: { type: "thing", id: "n1" } },
    };
    withStore((store) => {
      put(store, "kobjects", [resource("k", {}, { type: "kobject.order", relationships })]);
      const found = row(store, "kobjects", "k");
      expect(found).toMatchObject({
        org_id: "o1",
        klass_id: "order",
        customer_id: "c1",
        novel_thing_id: "n1",
      });
      expect(JSON.parse(found.relationships as string)).toEqual(relationships);
    });
  });
});

describe("new attributes become columns", () => {
  test("of the kind of their first value, and are found again after the file was closed", () => {
    withStore((store) => {
      const novel = {
        aText: "x",
        aNum: 1,
        aBool: true,
        anAt: "2024-01-01T00:00:00.000Z",
        aList: [1],
        aNull: null,
      };
      put(store, "customers", [resource("a", novel)]);
      expect(row(store, "customers", "a")).toMatchObject({
        a_text: "x",
        a_num: 1,
        a_bool: 1,
        an_at: "2024-01-01T00:00:00.000Z",
        a_list: "[1]",
        _extra: '{"aNull":null}',
      });
      const kinds = store.query(
        "SELECT column_name, kind, source_name FROM _sync_columns WHERE column_name LIKE 'a~_%' ESCAPE '~' AND source_name LIKE 'a%' AND stream = 'customers' ORDER BY 1",
      );
      expect(kinds).toEqual(
        expect.arrayContaining([
          { column_name: "a_num", kind: "real", source_name: "aNum" },
          { column_name: "a_bool", kind: "bool", source_name: "aBool" },
          { column_name: "a_list", kind: "json", source_name: "aList" },
        ]),
      );
    });
  });

  test("whatever their names: each has a home of its own", () => {
    const names = [
      "fooBar",
      "foo_bar",
      "FOO-BAR",
      "foo.bar",
      "id",
      "ID",
      "type",
      "links",
      "relationships",
      "_extra",
    ];
    names.push(
      "_synced_at",
      "_members",
      "__members",
      "rowid",
      "oid",
      "select",
      'qu"ote',
      "it's",
      "a b",
      "",
      " ",
      "_",
      "äöü",
      "日本",
    );
    names.push("__proto__", "constructor", "toString", "createdById", "customer_id", "Name", "name");
    const attributes = JSON.parse(`{${names.map((name, i) => `${JSON.stringify(name)}:"v${i}"`).join(",")}}`);
    const relationships = {
      created: { data: { id: "r" } },
      createdBy: { data: { id: "u" } },
      "": { data: { id: "e" } },
    };
    expectLossless([resource("a", attributes, { relationships })]);
  });

  test(`beyond ${MOST_COLUMNS} columns they stay in _extra, and the table can still be written`, () => {
    const attributes = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`attribute${i}`, i]));
    expectLossless([resource("a", attributes), resource("b", attributes)]);
    withStore((store) => {
      put(store, "customers", [resource("a", attributes)]);
      expect(put(store, "customers", [resource("a", attributes)]).written).toBe(0);
      expect(put(store, "customers", [resource("a", { ...attributes, attribute5: -1 })]).written).toBe(1);
      expect(row(store, "customers", "a").attribute5).toBe(-1);
    });
  });
});

test("members beside the known ones are kept", () => {
  expectLossless([
    resource(
      "a",
      { name: "x", meta: { inner: 1 } },
      { meta: { outer: true }, lid: 7, links: { self: "/a" } },
    ),
    { id: "b", attributes: {} },
    { id: "c", type: 5, attributes: { _members: { x: 1 } }, extra: null },
  ]);
});

test("any JSON comes back as it was", () => {
  const value = fc.jsonValue({ maxDepth: 3, stringUnit: "binary" });
  const surrogate = fc.constantFrom(
    "\ud800",
    "x\udfff",
    "\0",
    "a\0b",
    "2024-01-01",
    "2024-01-01T00:00:00.000Z",
  );
  const name = fc.oneof(
    fc.string({ unit: "binary", maxLength: 6 }),
    fc.constantFrom("updatedAt", "rev", "custom", "name", "tags", "fooAt"),
  );
  const attributes = fc.dictionary(name, fc.oneof(value, surrogate), { maxKeys: 8, noNullPrototype: true });
  fc.assert(
    fc.property(fc.array(attributes, { minLength: 1, maxLength: 4 }), (each) => {
      // As it comes over the wire: -0 is 0 there.
      const rows = each.map((sent, i) => resource(`r${i}`, JSON.parse(JSON.stringify(sent))));
      expectLossless(rows);
    }),
    { numRuns: 60 },
  );
});
