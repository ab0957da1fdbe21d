import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { hostname } from "node:os";
import { parseJson } from "../../src/lib/json.ts";
import { type FileMoment, openMoment, type RowSelection } from "../../src/store/moment.ts";
import { openStore } from "../../src/store/store.ts";
import { folder, NOW, put, resource, stream, withStore } from "./fixture.ts";

const ALL: RowSelection = {
  includeDeleted: true,
  writtenAfter: null,
  where: null,
  limit: null,
  groupBy: null,
};

function allRows(snapshot: FileMoment, name = "customers", selection = ALL) {
  return snapshot.rows(stream(name), snapshot.columns(stream(name)), selection);
}

/** What a snapshot has of a column, row by row. */
function column(path: string, name: string, selection: Partial<RowSelection> = {}) {
  const snapshot = openMoment(path);
  try {
    const place = snapshot.columns(stream("customers")).findIndex((column) => column.name === name);
    return [...allRows(snapshot, "customers", { ...ALL, ...selection })].flatMap(({ period, rows }) =>
      rows.map((row) => [period, row[place]]),
    );
  } finally {
    snapshot.close();
  }
}

test("what is written while it is open is not in it, drift columns and the clock included", () => {
  withStore((store, path) => {
    put(store, "customers", [resource("a", { name: "before" })]);
    const snapshot = openMoment(path);
    const clock = snapshot.clock;
    put(store, "customers", [resource("a", { name: "after", brandNew: 1 }), resource("b")], { now: NOW + 1 });
    const columns = snapshot.columns(stream("customers")).map(({ name }) => name);
    const rows = [...allRows(snapshot)].flatMap(({ rows }) => rows);
    expect(columns).not.toContain("brand_new");
    expect(rows.map((row) => row[columns.indexOf("name")])).toEqual(["before"]);
    expect(snapshot.status(stream("customers"))).toMatchObject({ rows: 1 });
    expect(snapshot.clock).toEqual(clock);
    snapshot.close();
    expect(column(path, "brand_new")).toEqual([
      [null, 1],
      [null, null],
    ]);
  });
});

test("integers beyond 2^53 come whole, and all others as numbers", () => {
  withStore((store, path) => {
    const revs = [1, -5, Number.MAX_SAFE_INTEGER];
    put(
      store,
      "customers",
      revs.map((rev, index) => resource(String(index), { rev })),
    );
    const big = parseJson("9223372036854775807");
    put(store, "customers", [resource("big", { rev: big }), resource("none")]);
    expect(column(path, "rev").map(([, rev]) => rev)).toEqual([...revs, 9223372036854775807n, null]);
  });
});

test("columns whose names are numbers stay in their places", () => {
  withStore((store, path) => {
    put(store, "customers", [resource("a", { 2: "two", 1: "one", name: "N" })]);
    expect([column(path, "1"), column(path, "2"), column(path, "name")]).toEqual([
      [[null, "one"]],
      [[null, "two"]],
      [[null, "N"]],
    ]);
  });
});

test("live rows or all, and those written after an instant", () => {
  withStore((store, path) => {
    put(store, "customers", [resource("old", { rev: 1 })]);
    const mark = openMoment(path);
    const at = mark.clock!.at;
    mark.close();
    put(store, "customers", [resource("new", { rev: 2 }), resource("gone", { rev: 3, deleted: true })]);
    const ids = (selection: Partial<RowSelection>) => column(path, "id", selection).map(([, id]) => id);
    expect(ids({})).toEqual(["old", "new", "gone"]);
    expect(ids({ includeDeleted: false })).toEqual(["old", "new"]);
    expect(ids({ writtenAfter: at })).toEqual(["new", "gone"]);
    expect(ids({ writtenAfter: at - 1 })).toEqual(["old", "new", "gone"]);
    expect(ids({ writtenAfter: at, includeDeleted: false })).toEqual(["new"]);
  });
});

test("grouped by day or month of createdAt, rows without one first, in batches of one period", () => {
  withStore((store, path) => {
    const dates = ["2026-11-23", "2024-02-29", "2026-11-01", "2026-11-23"];
    put(store, "customers", [
      ...dates.map((date, index) => resource(String(index), { createdAt: `${date}T23:59:59.999Z` })),
      resource("never"),
    ]);
    expect(column(path, "id", { groupBy: "month" })).toEqual([
      [null, "never"],
      ["2024-02", "1"],
      ["2026-11", "0"],
      ["2026-11", "2"],
      ["2026-11", "3"],
    ]);
    expect(column(path, "id", { groupBy: "day" }).map(([period]) => period)).toEqual([
      null,
      "2024-02-29",
      "2026-11-01",
      "2026-11-23",
      "2026-11-23",
    ]);
  });
});

test("every row comes once, in whatever batches, and a reader may stop early", () => {
  withStore((store, path) => {
    const many = Array.from({ length: 1_000 }, (_, index) =>
      resource(`id ${index}`, { createdAt: `20${10 + (index % 17)}-01-01T00:00:00.000Z` }),
    );
    put(store, "customers", many);
    for (const groupBy of [null, "month"] as const) {
      expect(new Set(column(path, "id", { groupBy }).map(([, id]) => id)).size).toBe(1_000);
      const snapshot = openMoment(path);
      for (const _ of allRows(snapshot, "customers", { ...ALL, groupBy })) break;
      expect([...allRows(snapshot, "tags")]).toEqual([]);
      snapshot.close();
    }
  });
});

test("a file that is not there is said so, and none is made", () => {
  const { db, remove } = folder();
  try {
    expect(() => openMoment(db)).toThrow("there is no such file");
    openStore(db, { mode: "create" }).close();
    expect([...allRows(openMoment(db), "tags")]).toEqual([]);
  } finally {
    remove();
  }
});

test("without WAL, where a reader would keep it from writing, a sync that holds the file is not read beside", () => {
  const { db: path, remove } = folder();
  try {
    openStore(path, { mode: "create" }).close();
    const file = new Database(path);
    file.run("PRAGMA journal_mode = DELETE");
    openMoment(path).close();
    const now = new Date().toISOString();
    const holder = `INSERT INTO _sync_lock (only_row, token, pid, host, command, started_at, heartbeat_at)
      VALUES (1, 'other', ?, ?, 'sync', ?, ?)`;
    file.query(holder).run(process.ppid, hostname(), now, now);
    expect(() => openMoment(path)).toThrow("another sync holds the file");
    file.run("PRAGMA journal_mode = WAL");
    openMoment(path).close();
    file.close();
  } finally {
    remove();
  }
});
