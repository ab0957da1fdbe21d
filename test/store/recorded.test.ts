/** Rows shaped like real answers, odd parts included, can be asked for in SQL and come back as they were. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { parseResources } from "../../src/kustomer/shapes.ts";
import { parseJson } from "../../src/lib/json.ts";
import type { Resource } from "../../src/lib/resource.ts";
import { makeWorld } from "../../src/sandbox/dataset.ts";
import { render } from "../../src/sandbox/render.ts";
import { STREAM_NAMES } from "../../src/sandbox/world.ts";
import { toResource } from "../../src/store/row.ts";
import type { Store } from "../../src/store/store.ts";
import { NOW, put, row, stream, withStore } from "./fixture.ts";

async function recorded(file: string): Promise<readonly Resource[]> {
  const text = await Bun.file(join(import.meta.dir, "../fixtures", file)).text();
  const { rows, rejected } = parseResources(parseJson(text));
  expect([rows.length > 0, rejected]).toEqual([true, 0]);
  return rows;
}

function readBack(store: Store, name: string, { id }: Resource): Resource {
  return toResource(row(store, name, id), store.layout(stream(name)));
}

/** An attribute that was sent as null reads as one that was not sent. */
function withoutNulls(sent: Resource): Resource {
  const attributes = Object.entries(sent.attributes).filter(([, value]) => value !== null);
  return JSON.parse(JSON.stringify({ ...sent, attributes: Object.fromEntries(attributes) }));
}

const FILES: [string, string][] = [
  ["customers", "customers-page.json"],
  ["messages", "messages-page.json"],
  ["kobjects", "kobject.json"],
  ["conversations", "conversations-page.json"],
  ["shortcuts", "shortcuts-page.json"],
  ["tags", "tags-page.json"],
];

describe("recorded answers", () => {
  for (const [name, file] of FILES) {
    test(`${file} comes back whole, from columns that ${name} has`, async () => {
      const rows = await recorded(file);
      withStore((store) => {
        expect(put(store, name, rows).written).toBe(rows.length);
        for (const sent of rows)
          expect(withoutNulls(readBack(store, name, sent))).toEqual(withoutNulls(sent));
        expect(store.layout(stream(name)).columns.length).toBe(stream(name).columns.length);
        expect(store.query(`SELECT id FROM "${name}" WHERE _extra IS NOT NULL`)).toEqual([]);
        expect(put(store, name, rows).written).toBe(0);
      });
    });
  }

  const asked: [string, string, string, unknown[]][] = [
    ["custom attributes", "customers-page.json", "json_extract(custom, '$.totalSpentNum')", [412.5, null]],
    [
      "odd custom names",
      "customers-page.json",
      `json_extract(custom, '$."loyalty tier.Str"')`,
      ["gold", null],
    ],
    [
      "custom times keep their offset",
      "customers-page.json",
      "json_extract(custom, '$.firstOrderAt')",
      ["2022-05-04T10:00:00+02:00", null],
    ],
    [
      "relationships per klass",
      "customers-page.json",
      `json_extract(relationships, '$."shopify-orders".meta.kobject')`,
      [1, null],
    ],
    ["an attribute", "customers-page.json", "json_extract(sla, '$.status')", ["done", null]],
    [
      "beside a relationship of its name",
      "customers-page.json",
      "sla_id",
      ["60f000000000000000000051", null],
    ],
    ["booleans", "customers-page.json", "verified", [1, 0]],
    ["deletions without a date", "customers-page.json", "_deleted_at", [null, "2021-06-17T00:00:26.971Z"]],
    ["deletions with a date", "tags-page.json", "_deleted_at", [null, "2021-03-01T10:00:00.000Z"]],
    ["who deleted", "tags-page.json", "deleted_by_id", [null, "60e0000000000000000000e1"]],
    ["a klass, related by `link`", "kobject.json", "klass_id", ["order"]],
    ["the type of a custom object", "kobject.json", "type", ["kobject.order"]],
    [
      "a customer of type `customers`",
      "messages-page.json",
      "customer_id",
      Array(3).fill("60b0000000000000000000a1"),
    ],
    [
      "meta.to as an array, an object and a text",
      "messages-page.json",
      "json_type(meta, '$.to')",
      ["array", "object", "text"],
    ],
    ["an empty text", "conversations-page.json", "name", [""]],
    ["a related row that is null", "shortcuts-page.json", "parent_id", [null]],
    ["a related list", "shortcuts-page.json", "json_type(relationships, '$.accessUsers')", ["array"]],
  ];
  for (const [what, file, expression, expected] of asked) {
    test(`${what}: ${expression}`, async () => {
      const rows = await recorded(file);
      const name = FILES.find((each) => each[1] === file)![0];
      withStore((store) => {
        put(store, name, rows);
        const found = store.query(`SELECT ${expression} AS value FROM "${name}" ORDER BY rowid`);
        expect(found.map(({ value }) => value)).toEqual(expected as (string | number | null)[]);
      });
    });
  }
});

describe("whatever the sandbox renders", () => {
  const world = makeWorld({ rows: 1_500, seed: 11, now: NOW });
  for (const name of STREAM_NAMES) {
    test(`${name} come back whole`, () => {
      const rows = Array.from({ length: world.tables[name].size }, (_, each) => render(world, name, each));
      withStore((store) => {
        expect(put(store, name, rows).written).toBe(rows.length);
        for (const sent of rows)
          expect(withoutNulls(readBack(store, name, sent))).toEqual(withoutNulls(sent));
        // Read again, in whatever order: nothing has changed.
        expect(put(store, name, rows.toReversed()).written).toBe(0);
      });
    });
  }
});
