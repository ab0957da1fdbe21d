import { describe, expect, test } from "bun:test";
import { NOW, put, resource, row, stream, withStore } from "./fixture.ts";

const v1 = "2024-01-01T00:00:00.000Z";
const v2 = "2024-02-01T00:00:00.000Z";
const ahead = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
const [today, soon, later] = [ahead(20), ahead(24 * 400), ahead(24 * 27_000)];

describe("an older version never replaces a newer one", () => {
  type Version = { updatedAt?: unknown; rev?: unknown };
  const cases: [string, Version, Version, boolean][] = [
    ["newer", { updatedAt: v1, rev: 1 }, { updatedAt: v2, rev: 2 }, true],
    ["older", { updatedAt: v2, rev: 2 }, { updatedAt: v1, rev: 1 }, false],
    ["older, whatever its revision says", { updatedAt: v2, rev: 1 }, { updatedAt: v1, rev: 9 }, false],
    ["same time, higher revision", { updatedAt: v1, rev: 1 }, { updatedAt: v1, rev: 2 }, true],
    ["same time, same revision", { updatedAt: v1, rev: 1 }, { updatedAt: v1, rev: 1 }, true],
    ["same time, lower revision", { updatedAt: v1, rev: 2 }, { updatedAt: v1, rev: 1 }, false],
    ["same time, no revision", { updatedAt: v1, rev: 2 }, { updatedAt: v1 }, true],
    ["another spelling of a later time", { updatedAt: v1 }, { updatedAt: "2024-02-01T01:00:00+01:00" }, true],
    ["without a time", { updatedAt: v1 }, {}, false],
    ["with a time that is none", { updatedAt: v1 }, { updatedAt: "soon" }, false],
    ["first with a time", {}, { updatedAt: v1 }, true],
    ["both without a time", {}, {}, true],
    [
      "stored from days to come, same revision",
      { updatedAt: later, rev: 2 },
      { updatedAt: v1, rev: 2 },
      true,
    ],
    ["stored from days to come, no revision", { updatedAt: later }, { updatedAt: v1 }, true],
    [
      "stored from days to come, lower revision",
      { updatedAt: later, rev: 2 },
      { updatedAt: v1, rev: 1 },
      false,
    ],
    ["stored from days to come, without a time", { updatedAt: later }, {}, false],
    ["stored from days to come, earlier in them", { updatedAt: later }, { updatedAt: soon }, false],
    ["stored from within a day", { updatedAt: today, rev: 2 }, { updatedAt: v1, rev: 2 }, false],
  ];
  for (const [name, stored, given, replaces] of cases) {
    test(`${name}: ${replaces ? "replaces" : "does not"}`, () => {
      withStore((store) => {
        put(store, "customers", [resource("a", { ...stored, name: "stored" })]);
        const { written } = put(store, "customers", [resource("a", { ...given, name: "given" })]);
        expect([row(store, "customers", "a").name, written]).toEqual(replaces ? ["given", 1] : ["stored", 0]);
      });
    });
  }

  test("not within one batch either, in whatever order", () => {
    withStore((store) => {
      put(store, "customers", [
        resource("a", { updatedAt: v2, name: "new" }),
        resource("a", { updatedAt: v1, name: "old" }),
      ]);
      expect(row(store, "customers", "a").name).toBe("new");
    });
  });
});

test("a row that has not changed is not written", () => {
  withStore((store) => {
    const rows = [
      resource("a", { updatedAt: v1, custom: { x: 1 } }),
      resource("b", { updatedAt: v1, odd: [1] }),
    ];
    expect(put(store, "customers", rows)).toEqual({ written: 2, deleted: 0 });
    expect(put(store, "customers", rows, { now: NOW + 60_000 })).toEqual({ written: 0, deleted: 0 });
    const [before, other] = ["a", "b"].map((id) => row(store, "customers", id)._synced_at);
    expect(before).toBe(other);
    const changed = [resource("a", { updatedAt: v1, custom: { x: 2 } })];
    expect(put(store, "customers", changed, { now: NOW + 60_000 })).toEqual({ written: 1, deleted: 0 });
    expect(row(store, "customers", "a")._synced_at).not.toBe(before);
    expect(row(store, "customers", "b")._synced_at).toBe(other);
  });
});

test("an attribute that is no longer sent is NULL again", () => {
  withStore((store) => {
    put(store, "customers", [resource("a", { updatedAt: v1, gender: "w", novel: "x" })]);
    put(store, "customers", [resource("a", { updatedAt: v2 })]);
    expect(row(store, "customers", "a")).toMatchObject({ gender: null, novel: null });
  });
});

test("a row that was brought back is live, and keeps the date of its deletion as Kustomer does", () => {
  withStore((store) => {
    put(store, "customers", [resource("a", { deleted: true, deletedAt: v1, updatedAt: v1 })]);
    put(store, "customers", [resource("a", { deleted: false, deletedAt: v1, updatedAt: v2 })]);
    expect(row(store, "customers", "a")).toMatchObject({ _deleted_at: null, deleted_at: v1, deleted: 0 });
  });
});

describe("a deleted row keeps its data and says when", () => {
  const cases: [string, Record<string, unknown>, object, string | null][] = [
    ["deleted, with Kustomer's date", { deleted: true, deletedAt: v2, updatedAt: v1 }, {}, v2],
    ["a date alone", { deletedAt: v2, updatedAt: v1 }, {}, v2],
    ["another spelling of the date", { deletedAt: "2024-02-01T01:00:00+01:00", updatedAt: v1 }, {}, v2],
    ["deleted, without a date", { deleted: true, updatedAt: v1 }, {}, v1],
    ["deleted, without any date", { deleted: true }, {}, "2026-11-23T12:00:00.000Z"],
    ["from the listing of deleted rows", { updatedAt: v1 }, { deleted: true }, v1],
    ["a date that is none", { deletedAt: "x", updatedAt: v1 }, {}, v1],
    ["live", { deleted: false, deletedAt: null, updatedAt: v1 }, {}, null],
    [
      "live, with the date of a deletion that was undone",
      { deleted: false, deletedAt: v1, updatedAt: v2 },
      {},
      null,
    ],
    [
      "live in the listing of deleted rows, which knows better",
      { deleted: false, updatedAt: v1 },
      { deleted: true },
      v1,
    ],
    [
      "of the listing of deleted rows, with the date of it",
      { deleted: false, deletedAt: v1, updatedAt: v2 },
      { deleted: true },
      v1,
    ],
  ];
  for (const [name, attributes, more, expected] of cases) {
    test(name, () => {
      withStore((store) => {
        const { deleted } = put(store, "customers", [resource("a", { ...attributes, name: "Ann" })], more);
        expect(row(store, "customers", "a")).toMatchObject({ _deleted_at: expected, name: "Ann" });
        expect(deleted).toBe(expected === null ? 0 : 1);
        expect(put(store, "customers", [resource("a", { ...attributes, name: "Ann" })], more).deleted).toBe(
          0,
        );
      });
    });
  }

  test("keeps its first date where Kustomer gives none, takes Kustomer's when it comes, and loses it when live", () => {
    withStore((store) => {
      put(store, "customers", [resource("a", { deleted: true, updatedAt: v1 })]);
      put(store, "customers", [resource("a", { deleted: true, updatedAt: v2 })]);
      expect(row(store, "customers", "a")._deleted_at).toBe(v1);
      const own = "2024-03-01T00:00:00.000Z";
      put(store, "customers", [resource("a", { deleted: true, deletedAt: own, updatedAt: v2 })]);
      expect(row(store, "customers", "a")._deleted_at).toBe(own);
      put(store, "customers", [resource("a", { updatedAt: v2 })]);
      expect(row(store, "customers", "a")._deleted_at).toBeNull();
    });
  });
});

describe("a complete listing", () => {
  const tags = (count: number) =>
    Array.from({ length: count }, (_, i) => resource(`t${i}`, { updatedAt: v1 }));
  const ids = (count: number) => new Set(tags(count).map(({ id }) => id));

  test("marks the live rows it lacks, once", () => {
    withStore((store) => {
      put(store, "tags", tags(20));
      expect(store.gone.countMissing({ ...stream("tags") }, ids(17))).toBe(3);
      expect(put(store, "tags", [], { sweep: ids(17) })).toEqual({ written: 3, deleted: 3 });
      expect(row(store, "tags", "t19")._deleted_at).toBe("2026-11-23T12:00:00.000Z");
      expect(put(store, "tags", [], { sweep: ids(17) })).toEqual({ written: 0, deleted: 0 });
      put(store, "tags", tags(20));
      expect(row(store, "tags", "t19")._deleted_at).toBeNull();
    });
  });

  test("that lacks most rows is refused, with nothing written of its batch", () => {
    withStore((store) => {
      put(store, "tags", tags(40));
      const batch = { rows: [resource("new", { updatedAt: v1, novel: 1 })], sweep: ids(5) };
      expect(() => put(store, "tags", batch.rows, { sweep: batch.sweep })).toThrow(/36 of 41 live rows/);
      expect(store.query("SELECT count(*) AS n FROM tags WHERE _deleted_at IS NOT NULL")).toEqual([{ n: 0 }]);
      expect(store.query("SELECT id FROM tags WHERE id = 'new'")).toEqual([]);
      // The column that the refused batch had brought is gone too, and comes with the next row.
      put(store, "tags", [resource("later", { updatedAt: v1, novel: 2 })]);
      expect(row(store, "tags", "later").novel).toBe(2);
    });
  });

  test("of a handful of rows is believed", () => {
    withStore((store) => {
      put(store, "tags", tags(6));
      expect(put(store, "tags", [], { sweep: new Set<string>() }).deleted).toBe(6);
    });
  });
});
