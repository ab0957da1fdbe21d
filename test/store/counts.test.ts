/**
 * Rows counted as the search counts them: a row that Kustomer calls deleted is in its index, and one that we marked
 * because it did not come is not.
 */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import type { Resource } from "../../src/lib/resource.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { findStream } from "../../src/streams/index.ts";
import { folder, NOW, put, resource, stream, withStore } from "./fixture.ts";

const HOUR = 3_600_000;
const ALL = { from: 0, to: Number.POSITIVE_INFINITY };
const at = (ms: number) => new Date(ms).toISOString();
const made = (id: string, ms = NOW - HOUR, more: Record<string, unknown> = {}): Resource =>
  resource(id, { updatedAt: at(ms), ...more });
const messages = stream("messages");
const count = (store: Store, span = ALL) => store.counts.count(messages, span);
const absent = (store: Store, ids: readonly string[] = [], span = ALL, limit = 100) =>
  store.counts.absent(messages, span, new Set(ids), limit).map(({ id }) => id);

describe("counted are", () => {
  const cases: [string, number, (store: Store) => void][] = [
    ["live rows", 2, (store) => put(store, "messages", [made("a"), made("b")])],
    [
      "rows that call themselves deleted",
      2,
      (store) => put(store, "messages", [made("a"), made("b", NOW - HOUR, { deleted: true })]),
    ],
    [
      "rows that have a date of deletion",
      2,
      (store) => put(store, "messages", [made("a"), made("b", NOW - HOUR, { deletedAt: at(NOW - HOUR) })]),
    ],
    [
      "not rows that we marked as gone",
      1,
      (store) => {
        put(store, "messages", [made("a"), made("b")]);
        put(store, "messages", [], { gone: ["b"] });
      },
    ],
    [
      "not rows that we marked as gone which say that they are not deleted",
      1,
      (store) => {
        const b = made("b", NOW - HOUR, { deleted: false, deletedAt: at(NOW - 9 * HOUR) });
        put(store, "messages", [made("a"), b]);
        put(store, "messages", [], { gone: ["b"] });
      },
    ],
    [
      "rows that Kustomer calls deleted, and that we marked before",
      2,
      (store) => {
        put(store, "messages", [made("a"), made("b")]);
        put(store, "messages", [], { gone: ["b"] });
        put(store, "messages", [made("b", NOW - HOUR + 1, { deleted: true })]);
      },
    ],
    [
      "rows that come again",
      2,
      (store) => {
        put(store, "messages", [made("a"), made("b")]);
        put(store, "messages", [], { gone: ["b"] });
        put(store, "messages", [made("b")]);
      },
    ],
    [
      "not rows without a date, for which no search can be asked",
      1,
      (store) => put(store, "messages", [made("a"), resource("undated")]),
    ],
  ];
  for (const [name, expected, fill] of cases) {
    test(name, () => {
      withStore((store) => {
        fill(store);
        expect([count(store), absent(store).length]).toEqual([expected, expected]);
      });
    });
  }

  test("those of a span: its beginning is in it, its end is not, and it may have none", () => {
    withStore((store) => {
      const times = [
        NOW - 3,
        NOW - 2,
        NOW - 2,
        NOW - 1,
        Date.UTC(1900, 0, 1),
        Date.UTC(9999, 11, 31, 23, 59, 59, 999),
      ];
      put(
        store,
        "messages",
        times.map((ms, i) => made(`m${i}`, ms)),
      );
      const spans: [number, number, number][] = [
        [NOW - 2, NOW - 1, 2],
        [NOW - 3, NOW - 1, 3],
        [NOW - 2, NOW - 2, 0],
        [NOW, Number.POSITIVE_INFINITY, 1],
        [Date.UTC(1900, 0, 1), NOW, 5],
        [Date.UTC(1900, 0, 1), Number.POSITIVE_INFINITY, 6],
      ];
      expect(spans.map(([from, to]) => count(store, { from, to }))).toEqual(spans.map(([, , n]) => n));
      for (const [from, to, n] of spans) expect(absent(store, [], { from, to })).toHaveLength(n);
    });
  });

  test("those that are not among the ids, the earliest first and no more than are asked for", () => {
    withStore((store) => {
      const rows = ["a", "b", "c", "d"].map((id, i) => made(id, NOW - i * HOUR));
      put(store, "messages", rows);
      expect(absent(store)).toEqual(["d", "c", "b", "a"]);
      expect(absent(store, ["c", "other"])).toEqual(["d", "b", "a"]);
      expect(absent(store, ["d"], ALL, 2)).toEqual(["c", "b"]);
      expect(store.counts.absent(messages, ALL, new Set(["b", "c", "d"]), 9)).toEqual([
        { id: "a", updatedAt: NOW },
      ]);
    });
  });
});

describe("instants of rows", () => {
  test("are found by how many come before them", () => {
    withStore((store) => {
      put(
        store,
        "messages",
        Array.from({ length: 20 }, (_, i) => made(`m${i}`, NOW + Math.floor(i / 2))),
      );
      const { instantAt } = store.counts;
      const span = { from: NOW + 2, to: NOW + 8 };
      expect([0, 1, 2, 11].map((offset) => instantAt(messages, span, offset))).toEqual(
        [0, 0, 1, 5].map((later) => NOW + 2 + later),
      );
      expect(instantAt(messages, span, 12)).toBeNull();
      expect(instantAt(messages, { ...span, to: Number.POSITIVE_INFINITY }, 15)).toBe(NOW + 9);
    });
  });

  test("the newest before a time is told, or that there is none", () => {
    withStore((store) => {
      put(store, "messages", [
        made("a", NOW - HOUR),
        made("b", NOW),
        made("c", Date.UTC(2999, 0, 1)),
        resource("d"),
      ]);
      const { newest } = store.counts;
      expect([NOW + 1, NOW, NOW - HOUR].map((before) => newest(messages, before))).toEqual([
        NOW,
        NOW - HOUR,
        null,
      ]);
      expect(newest(stream("customers"), NOW)).toBeNull();
    });
  });
});

describe("a stream whose rows have no date of change", () => {
  // Its columns are all that a stream may lack.
  const undated = findStream("tags")!;

  test("counts none of them where the table has no such column", () => {
    const { db, remove } = folder();
    try {
      openStore(db, { mode: "create" }).close();
      const file = new Database(db);
      file.run("ALTER TABLE tags DROP COLUMN updated_at");
      file.close();
      const store = openStore(db, { mode: "read" });
      const { counts } = store;
      expect([
        counts.count(undated, ALL),
        counts.instantAt(undated, ALL, 0),
        counts.absent(undated, ALL, new Set(), 9),
        counts.newest(undated, NOW),
      ]).toEqual([0, null, [], null]);
      store.close();
    } finally {
      remove();
    }
  });

  test("tells those that we marked from others by the mark alone, where it says nothing of deletion", () => {
    withStore((store) => {
      // Tags have no attribute of deletion before one comes.
      put(store, "tags", [made("a"), made("b"), made("c")]);
      put(store, "tags", [], { gone: ["c"] });
      expect(store.counts.count(undated, ALL)).toBe(2);
      put(store, "tags", [made("b", NOW - 5, { deleted: true })]);
      expect(store.counts.count(undated, ALL)).toBe(2);
    });
  });
});

describe("a commit of ids that are gone", () => {
  test("marks the live ones, and leaves those that were marked before", () => {
    withStore((store) => {
      put(store, "messages", [
        made("a"),
        made("b"),
        made("c", NOW - HOUR, { deletedAt: at(NOW - 5 * HOUR) }),
      ]);
      expect(put(store, "messages", [], { gone: ["b", "c", "none"] })).toEqual({ written: 1, deleted: 1 });
      expect(store.query("SELECT id, _deleted_at FROM messages ORDER BY id")).toEqual([
        { id: "a", _deleted_at: null },
        { id: "b", _deleted_at: at(NOW) },
        { id: "c", _deleted_at: at(NOW - 5 * HOUR) },
      ]);
    });
  });

  test("is refused, all of it, when over a third would be, but by force", () => {
    withStore((store) => {
      const ids = Array.from({ length: 30 }, (_, i) => `m${i}`);
      put(
        store,
        "messages",
        ids.map((id) => made(id)),
      );
      const more = { gone: ids.slice(0, 11) };
      expect(() => put(store, "messages", [made("new")], more)).toThrow(
        expect.objectContaining({ code: "sweep-refused" }),
      );
      expect(store.query("SELECT count(*) AS n, count(_deleted_at) AS gone FROM messages")).toEqual([
        { n: 30, gone: 0 },
      ]);
      expect(put(store, "messages", [], { ...more, force: true }).deleted).toBe(11);
    });
  });
});
