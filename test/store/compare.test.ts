/** What a comparison finds, counts and marks; what is news to the file, it leaves alone. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Comparison } from "../../src/destination/comparison.ts";
import type { Resource } from "../../src/lib/resource.ts";
import type { CompareOptions } from "../../src/store/compare.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { folder, NOW, put, resource, row, stream, withStore } from "./fixture.ts";

const at = (ms: number) => new Date(ms).toISOString();
const HOUR = 3_600_000;
const made = (id: string, ms = NOW - HOUR, more: Record<string, unknown> = {}): Resource =>
  resource(id, { updatedAt: at(ms), ...more });
const tags = stream("tags");

function compare<T>(
  store: Store,
  options: Partial<CompareOptions>,
  action: (comparison: Comparison) => T,
): T {
  const comparison = store.compare({ now: NOW, repair: false, force: false, ...options });
  try {
    return action(comparison);
  } finally {
    comparison.close();
  }
}

/** Notes rows, as verify does with a page, and repairs where the comparison is to repair. */
function note(store: Store, comparison: Comparison, rows: readonly Resource[], repair = false): string[] {
  const different = comparison.note(tags, rows, false);
  if (repair) put(store, "tags", different);
  return different.map(({ id }) => id);
}

/** Ends a comparison that repairs nothing; returns the ids of the rows that were not shown. */
function endIn(comparison: Comparison, from: number | null): string[] {
  const ids = comparison.gone.listUnseen(tags, from, null, 100).map(({ id }) => id);
  expect(comparison.gone.countUnseen(tags, from)).toBe(ids.length);
  expect(comparison.end(tags, from)).toBe(0);
  expect(comparison.differences(tags).extra).toBe(ids.length);
  return ids;
}

describe("rows that Kustomer has", () => {
  test("are missing, stale or the same", () => {
    withStore((store) => {
      put(store, "tags", [made("same"), made("old"), made("gone there")]);
      compare(store, {}, (comparison) => {
        const there = [
          made("same"),
          made("old", NOW - 1),
          made("none"),
          made("gone there", NOW - HOUR, { deleted: true }),
        ];
        expect(note(store, comparison, there)).toEqual(["old", "none", "gone there"]);
        expect(comparison.differences(tags)).toEqual({
          checked: 4,
          missing: 1,
          stale: 2,
          extra: 0,
          repaired: 0,
          sinceSync: 0,
          examples: { missing: ["none"], stale: ["gone there", "old"], extra: [] },
        });
      });
    });
  });

  test("and changed at or after the beginning are news, but show that they are there", () => {
    withStore((store) => {
      put(store, "tags", [made("old"), made("other")]);
      compare(store, {}, (comparison) => {
        expect(note(store, comparison, [made("old", NOW), made("new", NOW + 5)])).toEqual([]);
        expect(endIn(comparison, null)).toEqual(["other"]);
        expect(comparison.differences(tags)).toMatchObject({ checked: 2, missing: 0, stale: 0, extra: 1 });
      });
    });
  });

  test("and claim to be of a distant year are compared all the same", () => {
    withStore((store) => {
      const odd = Date.UTC(2999, 0, 1);
      put(store, "tags", [made("held", odd), made("purged", odd)]);
      compare(store, {}, (comparison) => {
        expect(note(store, comparison, [made("held", odd), made("none", odd)])).toEqual(["none"]);
        expect(endIn(comparison, null)).toEqual(["purged"]);
        expect(comparison.differences(tags).examples.extra).toEqual(["purged"]);
      });
    });
  });

  test("count once however often they are shown, and one without an id that can be stored not at all", () => {
    withStore((store) => {
      compare(store, {}, (comparison) => {
        for (let time = 0; time < 3; time += 1)
          note(store, comparison, [made("a"), made("b"), made("\ud800")]);
        expect(comparison.differences(tags)).toMatchObject({ checked: 2, missing: 2 });
      });
    });
  });

  test("and that a sync brought meanwhile are no difference", () => {
    withStore((store) => {
      compare(store, {}, (comparison) => {
        note(store, comparison, [made("a"), made("b")]);
        put(store, "tags", [made("a", NOW - 5)]);
        expect(comparison.differences(tags)).toMatchObject({ missing: 1, repaired: 0 });
      });
    });
  });

  test("count as repaired when they are in the file afterwards, and only then", () => {
    withStore((store) => {
      put(store, "tags", [made("old", NOW - 2 * HOUR)]);
      compare(store, { repair: true }, (comparison) => {
        note(store, comparison, [made("old"), made("none")], true);
        note(store, comparison, [made("unwritten")], false);
        // Shown again, they are the same by now.
        note(store, comparison, [made("old"), made("none")], true);
        expect(comparison.differences(tags)).toMatchObject({ missing: 2, stale: 1, repaired: 2 });
      });
    });
  });

  test("and changed since the last sync are told apart", () => {
    withStore((store) => {
      const state = { state: {}, syncedTo: at(NOW - HOUR), complete: true, start: null, counted: null };
      store.commit({ stream: tags, rows: [], state, now: NOW });
      compare(store, {}, (comparison) => {
        note(store, comparison, [made("before", NOW - HOUR - 1), made("since", NOW - HOUR)]);
        expect(comparison.differences(tags)).toMatchObject({ missing: 2, sinceSync: 1 });
      });
    });
  });

  test("have ten examples of each kind", () => {
    withStore((store) => {
      compare(store, {}, (comparison) => {
        const ids = Array.from({ length: 40 }, (_, nth) => `t${String(nth).padStart(2, "0")}`);
        note(
          store,
          comparison,
          ids.map((id) => made(id)),
        );
        const { missing, examples } = comparison.differences(tags);
        expect([missing, examples.missing]).toEqual([40, ids.slice(0, 10)]);
      });
    });
  });
});

describe("rows that Kustomer has not", () => {
  const live = (store: Store) =>
    store.query("SELECT id FROM tags WHERE _deleted_at IS NULL ORDER BY id").map(({ id }) => id);

  test("are the live ones that were not shown, from an instant on", () => {
    withStore((store) => {
      const rows = [made("a"), made("b", NOW - 5 * HOUR), made("c", NOW), resource("undated")];
      put(store, "tags", [...rows, made("gone", NOW - HOUR, { deleted: true })]);
      compare(store, {}, (comparison) => expect(endIn(comparison, null)).toEqual(["undated", "b", "a"]));
      compare(store, {}, (comparison) => {
        expect(endIn(comparison, NOW - HOUR)).toEqual(["a"]);
        expect(comparison.differences(tags).examples.extra).toEqual(["a"]);
      });
    });
  });

  test("are told in the order of their last change, some at a time", () => {
    withStore((store) => {
      const rows = [made("a"), made("b"), made("c", NOW - 5 * HOUR), resource("undated"), made("shown")];
      put(store, "tags", rows);
      compare(store, {}, ({ note, gone }) => {
        note(tags, [made("shown")], false);
        expect(gone.countUnseen(tags, null)).toBe(4);
        const first = gone.listUnseen(tags, null, null, 3);
        expect(first).toEqual([
          { id: "undated", updatedAt: null },
          { id: "c", updatedAt: NOW - 5 * HOUR },
          { id: "a", updatedAt: NOW - HOUR },
        ]);
        expect(gone.listUnseen(tags, null, first.at(-1)!, 3)).toEqual([{ id: "b", updatedAt: NOW - HOUR }]);
        expect(gone.listUnseen(tags, null, first[0]!, 1)).toEqual([{ id: "c", updatedAt: NOW - 5 * HOUR }]);
        expect(gone.listUnseen(tags, NOW - HOUR, null, 1)).toEqual([{ id: "a", updatedAt: NOW - HOUR }]);
        expect(gone.countUnseen(tags, NOW - HOUR)).toBe(2);
      });
    });
  });

  test("are no longer among them when they turn up after all", () => {
    withStore((store) => {
      put(store, "tags", [made("a"), made("b"), made("c")]);
      compare(store, { repair: true }, (comparison) => {
        expect(comparison.gone.countUnseen(tags, null)).toBe(3);
        note(store, comparison, [made("b", NOW + HOUR)]);
        expect(comparison.gone.countUnseen(tags, null)).toBe(2);
        expect(comparison.end(tags, null)).toBe(2);
        expect(live(store)).toEqual(["b"]);
        expect(row(store, "tags", "a")._deleted_at).toBe(at(NOW));
        expect(comparison.differences(tags)).toMatchObject({ extra: 2, repaired: 2 });
      });
    });
  });

  test("are left alone when they are over a third, but by force", () => {
    withStore((store) => {
      const ids = Array.from({ length: 30 }, (_, nth) => `t${nth}`);
      put(
        store,
        "tags",
        ids.map((id) => made(id)),
      );
      const rest = ids.slice(11).map((id) => made(id));
      compare(store, { repair: true }, (comparison) => {
        note(store, comparison, rest);
        expect(() => comparison.end(tags, null)).toThrow(expect.objectContaining({ code: "sweep-refused" }));
        expect(live(store)).toHaveLength(30);
        expect(comparison.differences(tags)).toMatchObject({ extra: 11, repaired: 0 });
      });
      compare(store, { repair: true, force: true }, (comparison) => {
        note(store, comparison, rest);
        expect(comparison.end(tags, null)).toBe(11);
        expect(live(store)).toHaveLength(19);
      });
    });
  });

  test("are marked all together or not at all", () => {
    withStore((store, path) => {
      put(store, "tags", [made("a"), made("b"), made("c")]);
      const db = new Database(path);
      db.run(
        "CREATE TRIGGER no BEFORE UPDATE ON tags WHEN old.id = 'c' BEGIN SELECT raise(ABORT, 'no'); END",
      );
      db.close();
      compare(store, { repair: true }, (comparison) => {
        expect(() => comparison.end(tags, null)).toThrow("no");
      });
      expect(live(store)).toEqual(["a", "b", "c"]);
    });
  });
});

describe("a file", () => {
  test("that is only read is compared, and not changed", () => {
    const { db, remove } = folder();
    try {
      const writer = openStore(db, { mode: "create" });
      put(writer, "tags", [made("a")]);
      writer.close();
      const before = Bun.hash(new Uint8Array(readFileSync(db)));
      const store = openStore(db, { mode: "read" });
      compare(store, {}, (comparison) => {
        expect(note(store, comparison, [made("b")])).toEqual(["b"]);
        expect(endIn(comparison, null)).toEqual(["a"]);
        expect([comparison.holds(tags), comparison.holds(stream("teams"))]).toEqual([true, false]);
      });
      store.close();
      expect(Bun.hash(new Uint8Array(readFileSync(db)))).toBe(before);
    } finally {
      remove();
    }
  });

  test("that lacks a stream's table holds nothing of it", () => {
    const { db, remove } = folder();
    try {
      openStore(db, { mode: "create" }).close();
      const file = new Database(db);
      file.run("DROP TABLE tags");
      file.close();
      const store = openStore(db, { mode: "read" });
      compare(store, {}, (comparison) => {
        expect(comparison.holds(tags)).toBe(false);
        expect(comparison.gone.countMissing(tags, new Set())).toBe(0);
        expect(note(store, comparison, [made("a")])).toEqual(["a"]);
        expect(endIn(comparison, null)).toEqual([]);
      });
      store.close();
    } finally {
      remove();
    }
  });
});
