/** Every attribute has a home of its own, and finds it again whoever changed the table meanwhile. */
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseJson } from "../../src/lib/json.ts";
import type { Resource } from "../../src/lib/resource.ts";
import { MOST_COLUMNS } from "../../src/store/layout.ts";
import { toResource } from "../../src/store/row.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { folder, NOW, put, resource, row, stream } from "./fixture.ts";

const V1 = "2024-01-01T00:00:00.000Z";

let here: ReturnType<typeof folder>;
beforeEach(() => {
  here = folder();
});
afterEach(() => here.remove());

function using<T>(mode: "create" | "write" | "read", action: (store: Store) => T, path = here.db): T {
  const store = openStore(path, { mode });
  try {
    return action(store);
  } finally {
    store.close();
  }
}

function byHand(...sql: string[]): void {
  const file = new Database(here.db, { create: true });
  for (const each of sql) file.run(each);
  file.close();
}

/** The column that an attribute of notes has, and its kind. */
function homeOf(store: Store, attribute: string): [string, string] | undefined {
  const { columns } = store.layout(stream("notes"));
  const found = columns.find(({ source }) => source.from === "attribute" && source.name === attribute);
  return found && [found.name, found.kind];
}

/** Names and JSON values in one order; unlike an object's comparison it sees `__proto__`. */
function sortedEntries(value: object): [string, string][] {
  return Object.entries(value)
    .map(([name, each]): [string, string] => [name, JSON.stringify(each)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** As it is read back by a connection that does not round integers. */
function readBack(name: string, id: string): Resource {
  const layout = using("read", (store) => store.layout(stream(name)));
  const file = new Database(here.db, { readonly: true, safeIntegers: true, strict: true });
  try {
    const found = file.query<Record<string, unknown>, [string]>(`SELECT * FROM ${name} WHERE id = ?`).get(id);
    return toResource(found!, layout);
  } finally {
    file.close();
  }
}

describe("a catalog that knows more than the file", () => {
  /** Makes the file that a program would have left which did not know `body`. */
  const forget = (...more: string[]) => {
    using("create", () => {});
    byHand(
      "ALTER TABLE notes DROP COLUMN body",
      "DELETE FROM _sync_columns WHERE stream = 'notes' AND column_name = 'body'",
      ...more,
    );
  };

  test("adds the column", () => {
    forget();
    using("write", (store) => {
      put(store, "notes", [resource("a", { body: "x" })]);
      expect(row(store, "notes", "a").body).toBe("x");
      expect(homeOf(store, "body")).toEqual(["body", "text"]);
    });
  });

  test("adds nothing to read, and does without", () => {
    forget();
    using("read", (store) => expect(homeOf(store, "body")).toBeUndefined());
  });

  test("takes over the column that drift had made, of the kind it has", () => {
    forget(
      "ALTER TABLE notes ADD COLUMN body REAL",
      `INSERT INTO _sync_columns VALUES ('notes', 'body', 'real', 'attribute', 'body', '${V1}')`,
      "INSERT INTO notes (id, body) VALUES ('old', 1.5)",
    );
    using("write", (store) => {
      expect(homeOf(store, "body")).toEqual(["body", "real"]);
      put(store, "notes", [resource("a", { body: "text" }), resource("b", { body: 2.5 })]);
      expect([row(store, "notes", "old").body, row(store, "notes", "b").body]).toEqual([1.5, 2.5]);
      expect(row(store, "notes", "a")).toMatchObject({ body: null, _extra: '{"body":"text"}' });
    });
  });

  test("takes another name where somebody else's column has it, for good", () => {
    for (const type of ["TEXT", "INTEGER"]) {
      forget(`ALTER TABLE notes ADD COLUMN body ${type}`, "INSERT INTO notes (id, body) VALUES ('hers', 7)");
      for (const id of ["a", "b"]) {
        using("write", (store) => {
          put(store, "notes", [resource(id, { body: "x" })]);
          expect(row(store, "notes", id)).toMatchObject({ body: null, body_2: "x", _extra: null });
          expect(String(row(store, "notes", "hers").body)).toBe("7");
        });
      }
      here.remove();
      here = folder();
    }
  });

  const drift = `INSERT INTO _sync_columns VALUES ('notes', 'body', 'text', 'attribute', 'Body', '${V1}')`;
  const drifts: [string, string[]][] = [
    ["", ["ALTER TABLE notes ADD COLUMN body TEXT", drift]],
    [", though the column was dropped", [drift]],
  ];
  test.each(drifts)("leaves the name to the other attribute that drift gave it%s", (_, sql) => {
    forget(...sql);
    using("write", (store) => {
      put(store, "notes", [resource("a", { Body: "big", body: "small" })]);
      expect(row(store, "notes", "a")).toMatchObject({ body: "big", body_2: "small" });
    });
  });
});

describe("a table changed by hand", () => {
  const drifted = resource("a", { updatedAt: V1, body: "x", mood: "good" });
  const changes: [string, string[], Record<string, unknown>][] = [
    [
      "a column of another type in the place of the catalog's",
      ["ALTER TABLE notes DROP COLUMN body", "ALTER TABLE notes ADD COLUMN body INTEGER"],
      { body: null, body_2: "x" },
    ],
    [
      "a column of another type in the place of a drifted one",
      ["ALTER TABLE notes DROP COLUMN mood", "ALTER TABLE notes ADD COLUMN Mood INTEGER"],
      { Mood: null, mood_2: "good" },
    ],
    [
      "a generated column in the place of a drifted one",
      [
        "ALTER TABLE notes DROP COLUMN mood",
        "ALTER TABLE notes ADD COLUMN mood TEXT GENERATED ALWAYS AS (upper(body)) VIRTUAL",
      ],
      { mood: "X", mood_2: "good" },
    ],
    [
      "the column that tells the age of a row dropped",
      ["DROP INDEX _notes_updated", "ALTER TABLE notes DROP COLUMN updated_at"],
      { updated_at: V1, mood: "good" },
    ],
    [
      "a column that we know nothing of",
      ["DELETE FROM _sync_columns WHERE column_name = 'mood'"],
      { mood_2: "good" },
    ],
    [
      "a kind that there is not",
      ["UPDATE _sync_columns SET kind = 'novel'"],
      { body_2: "x", mood_2: "good" },
    ],
  ];
  for (const [name, sql, expected] of changes) {
    test(`${name}: it is written, and opened again`, () => {
      using("create", (store) => put(store, "notes", [drifted]));
      byHand(...sql);
      for (const id of ["b", "c"]) {
        using("write", (store) => {
          put(store, "notes", [{ ...drifted, id }]);
          expect(row(store, "notes", id)).toMatchObject(expected);
        });
        expect(readBack("notes", id).attributes).toEqual(drifted.attributes as never);
      }
    });
  }

  test("a column added while the file is open is left alone", () => {
    using("create", (store) => {
      put(store, "notes", [resource("a", { first: "x" })]);
      byHand("ALTER TABLE notes ADD COLUMN mood TEXT GENERATED ALWAYS AS ('theirs') VIRTUAL");
      put(store, "notes", [resource("b", { mood: "ours" })]);
      expect(row(store, "notes", "b")).toMatchObject({ mood: "theirs", mood_2: "ours" });
    });
  });

  test("a dropped table is read again from the start", () => {
    const state = { state: 1, syncedTo: V1, complete: true, start: null, counted: null };
    using("create", (store) => {
      for (const name of ["notes", "tags"]) {
        store.commit({ stream: stream(name), rows: [drifted], state, now: NOW });
      }
    });
    byHand("DROP TABLE notes");
    using("write", (store) => {
      expect([store.loadState(stream("notes")), store.loadState(stream("tags"))]).toEqual([null, state]);
      expect(homeOf(store, "mood")).toEqual(["mood", "text"]);
    });
  });

  const hopeless: [string, string[]][] = [
    ["a view", ["DROP TABLE notes", "CREATE VIEW notes AS SELECT 'a' AS id"]],
    ["no key", ["DROP TABLE notes", "CREATE TABLE notes (id TEXT, updated_at TEXT)"]],
    [
      "an own column of another type",
      ["ALTER TABLE notes DROP COLUMN _extra", "ALTER TABLE notes ADD COLUMN _extra INTEGER"],
    ],
  ];
  for (const [name, sql] of hopeless) {
    test(`${name}: refused, naming the table, and left`, () => {
      using("create", () => {});
      byHand(...sql);
      const schema = () => {
        const file = new Database(here.db, { readonly: true });
        const found = file.query("SELECT sql FROM sqlite_master ORDER BY name").values();
        file.close();
        return found;
      };
      const before = schema();
      expect(() => openStore(here.db, { mode: "write" })).toThrow(
        expect.objectContaining({ code: "store-foreign", message: expect.stringContaining("table notes") }),
      );
      expect(schema()).toEqual(before);
    });
  }
});

describe("a batch that is rolled back", () => {
  test("takes its columns with it, from the file and from memory, and they come again", () => {
    using("create", (store) => {
      put(store, "tags", [resource("kept", { first: 1 })]);
      const before = store.layout(stream("tags"));
      const bad = resource("\ud800", { third: "x" });
      expect(() => put(store, "tags", [resource("gone", { second: true }), bad])).toThrow(
        expect.objectContaining({ code: "shape", at: "tags" }),
      );
      expect(store.layout(stream("tags"))).toBe(before);
      expect(store.query("SELECT name FROM pragma_table_info('tags') WHERE name = 'second'")).toEqual([]);
      expect(store.query("SELECT 1 FROM _sync_columns WHERE column_name = 'second'")).toEqual([]);
      put(store, "tags", [resource("later", { first: 2, second: "now text" })]);
      expect(row(store, "tags", "later")).toMatchObject({ first: 2, second: "now text" });
      expect(store.query("SELECT count(*) AS n FROM tags")).toEqual([{ n: 2 }]);
    });
  });
});

describe("columns end", () => {
  test(`at ${MOST_COLUMNS}, somebody else's counted; what has none stays in _extra and is unchanged when it comes again`, () => {
    using("create", () => {});
    byHand("ALTER TABLE tags ADD COLUMN hers TEXT");
    const many = (prefix: string) =>
      Object.fromEntries(Array.from({ length: 1_500 }, (_, i) => [`${prefix}${i}`, `v${i}`]));
    const relationships = { late: { data: { id: "l1" } } };
    using("write", (store) => {
      put(store, "tags", [resource("a", many("a"))]);
      const rows = [resource("b", many("b"), { relationships })];
      expect(put(store, "tags", rows)).toEqual({ written: 1, deleted: 0 });
      expect(put(store, "tags", rows)).toEqual({ written: 0, deleted: 0 });
      expect(store.query("SELECT count(*) AS n FROM pragma_table_xinfo('tags')")).toEqual([
        { n: MOST_COLUMNS },
      ]);
      expect(JSON.parse(row(store, "tags", "b")._extra as string)).toEqual(many("b"));
      expect(JSON.parse(row(store, "tags", "b").relationships as string)).toEqual(relationships);
    });
    expect(readBack("tags", "a").attributes).toEqual(many("a") as never);
  });
});

describe("what a reopened file gives back", () => {
  test("digits beyond a double, everywhere", () => {
    const text =
      '{"id":"a","type":"kobject","attributes":{"rev":9223372036854775807,"doneCount":9223372036854775808,' +
      '"custom":{"x":[12345678901234567890]},"odd":0.12345678901234567890}}';
    using("create", (store) => put(store, "kobjects", [parseJson(text) as Resource]));
    const back = readBack("kobjects", "a");
    expect(JSON.stringify(back.attributes.rev)).toBe("9223372036854775807");
    expect(JSON.stringify(back.attributes.doneCount)).toBe("9223372036854775808");
    expect(JSON.stringify(back.attributes.custom)).toBe('{"x":[12345678901234567890]}');
    expect(JSON.stringify(back.attributes.odd)).toBe("0.12345678901234567890");
  });

  test("members of any name, and a type that is no text", () => {
    const sent = parseJson(
      '{"id":"a","attributes":{"__proto__":1},"__proto__":{"x":1},"_members":2,"meta":[]}',
    );
    using("create", (store) => {
      put(store, "notes", [sent as Resource, { ...resource("b"), type: "\ud800" }]);
    });
    const back = readBack("notes", "a");
    expect(sortedEntries(back)).toEqual(sortedEntries(sent as object));
    expect(readBack("notes", "b").type).toBe("\ud800");
    using("read", (store) => expect(row(store, "notes", "b").type).toBeNull());
  });

  test("attributes of any name, half characters included, each from the same place as before", () => {
    const unit = fc.oneof(
      fc.constantFrom("a", "A", "_", "-", " ", ".", "'", '"', "\0", "\ud800", "\udc00", "é", "İ", "ſ", "日"),
      fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    );
    const name = fc.array(unit, { maxLength: 4 }).map((units) => units.join(""));
    const rows = fc.array(
      fc.dictionary(name, fc.constantFrom<unknown>("x", 1, true, [1], V1), { maxKeys: 6 }),
      {
        minLength: 1,
        maxLength: 3,
      },
    );
    fc.assert(
      fc.property(rows, (sent) => {
        const related = (attributes: object) =>
          Object.fromEntries(
            Object.keys(attributes).map((each) => [each, { data: { id: `id of ${each.length}` } }]),
          );
        const resources = sent.map((attributes, i) =>
          resource(`r${i}`, attributes, { relationships: related(attributes) }),
        );
        using("create", (store) => put(store, "tags", resources));
        const layout = using("write", (store) => {
          expect(put(store, "tags", resources)).toEqual({ written: 0, deleted: 0 });
          return store.layout(stream("tags"));
        });
        for (const { id, attributes, relationships } of resources) {
          const back = readBack("tags", id);
          expect(sortedEntries(back.attributes)).toEqual(sortedEntries(attributes));
          expect(JSON.stringify(back.relationships)).toBe(JSON.stringify(relationships));
        }
        const names = layout.columns.map((column) => column.name.toLowerCase());
        expect(new Set(names).size).toBe(names.length);
        here.remove();
        here = folder();
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});
