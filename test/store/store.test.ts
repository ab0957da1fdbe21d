import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StoredState } from "../../src/destination/destination.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { STREAMS } from "../../src/streams/index.ts";
import { folder, NOW, put, resource, row, stream } from "./fixture.ts";

let here: ReturnType<typeof folder>;
let open: Store[] = [];
beforeEach(() => {
  here = folder();
  open = [];
});
afterEach(() => {
  for (const store of open) store.close();
  here.remove();
});

function opened(mode: "create" | "write" | "read" = "create"): Store {
  const store = openStore(here.db, { mode });
  open.push(store);
  return store;
}

function closed(): void {
  for (const store of open.splice(0)) store.close();
}

/** Changes the file as somebody else would, with SQLite alone. */
function byHand(sql: string): void {
  const file = new Database(here.db);
  file.run(sql);
  file.close();
}

/** Everything in the folder with its bytes. */
function contents(): Record<string, string> {
  const files = readdirSync(here.path, { withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ name }) => [name, readFileSync(join(here.path, name)).toString("base64")]),
  );
}

describe("opening", () => {
  const refusals: [string, () => void, string][] = [
    [
      "a text",
      () =>
        writeFileSync(
          here.db,
          "hello, this is a text that is a bit longer than a header of an SQLite file is, really, it is, yes",
        ),
      "store-foreign",
    ],
    ["a short text", () => writeFileSync(here.db, "hello"), "store-foreign"],
    ["a folder", () => mkdirSync(here.db), "store-foreign"],
    ["a database of another program", () => byHand("CREATE TABLE theirs (a)"), "store-foreign"],
    [
      "a file of a newer layout",
      () => {
        opened();
        closed();
        byHand("PRAGMA user_version = 99");
      },
      "store-newer",
    ],
  ];
  for (const [name, make, code] of refusals) {
    for (const mode of ["create", "write", "read"] as const) {
      test(`refuses ${name} to ${mode}, and leaves it as it was`, () => {
        make();
        const before = contents();
        expect(() => opened(mode)).toThrow(expect.objectContaining({ code, at: here.db }));
        expect(contents()).toEqual(before);
      });
    }
  }

  test("refuses to write or read what is not there, and makes nothing", () => {
    for (const mode of ["write", "read"] as const) {
      expect(() => opened(mode)).toThrow(expect.objectContaining({ code: "store-missing" }));
    }
    expect(() => openStore(join(here.path, "no/such/x.db"), { mode: "create" })).toThrow(/does not exist/);
    expect(readdirSync(here.path)).toEqual([]);
  });

  test("makes a file of an empty one, that names itself from the first moment", () => {
    writeFileSync(here.db, "");
    const store = opened();
    expect(store.wasEmpty).toBe(true);
    expect(readFileSync(here.db).readUInt32BE(68)).toBe(0x4b757374);
    expect(store.query("PRAGMA journal_mode")).toEqual([{ journal_mode: "wal" }]);
    closed();
    expect(readdirSync(here.path)).toEqual(["kustomer.db"]);
    expect(opened().wasEmpty).toBe(false);
  });

  test("to read changes nothing, also when closed", () => {
    put(opened(), "tags", [resource("t")]);
    closed();
    const before = contents();
    expect(
      opened("read")
        .status()
        .find((each) => each.stream === "tags")?.rows,
    ).toBe(1);
    expect(() => put(open[0]!, "tags", [resource("u")])).toThrow();
    closed();
    expect(contents()).toEqual(before);
  });

  test("tables are STRICT, with every column of the catalog, and told in _sync_columns", () => {
    const store = opened();
    for (const { name, columns } of STREAMS) {
      const found = store.query(`SELECT name FROM pragma_table_info('${name}')`).map((each) => each.name);
      expect(found).toEqual(columns.map((column) => column.name));
      const told = store.query(`SELECT count(*) AS n FROM _sync_columns WHERE stream = '${name}'`);
      expect(told).toEqual([{ n: columns.length }]);
    }
    expect(() => store.query("INSERT INTO tags (id, deleted) VALUES ('x', 'no number')")).toThrow();
  });
});

describe("a file that was changed by hand", () => {
  const novel = resource("a", { updatedAt: "2024-01-01T00:00:00.000Z", novelText: "x", name: "Ann" });

  const changes: [string, string][] = [
    ["a column of the catalog dropped", "ALTER TABLE customers DROP COLUMN display_name"],
    ["a column that drift brought dropped", "ALTER TABLE customers DROP COLUMN novel_text"],
    ["a column added", "ALTER TABLE customers ADD COLUMN another_new TEXT"],
    ["a table dropped", "DROP TABLE customers"],
    ["an index dropped", "DROP INDEX _customers_deleted"],
  ];
  for (const [name, sql] of changes) {
    test(`${name}: it is written again`, () => {
      put(opened(), "customers", [novel]);
      closed();
      byHand(sql);
      const store = opened("write");
      const sent = { ...novel.attributes, displayName: "Ann", novelText: "y", anotherNew: "z" };
      put(store, "customers", [resource("a", sent), resource("b", sent)]);
      expect(row(store, "customers", "b")).toMatchObject({ display_name: "Ann", novel_text: "y" });
      const named = store.query("SELECT column_name FROM _sync_columns WHERE source_name = 'anotherNew'");
      // A name that somebody took by hand is not ours to fill.
      expect(named).toEqual([{ column_name: name === "a column added" ? "another_new_2" : "another_new" }]);
    });
  }
});

describe("state", () => {
  const state: StoredState = {
    state: { v: 1, anything: [1] },
    syncedTo: "2024-01-01T00:00:00.000Z",
    complete: true,
    start: "2023-01-01T00:00:00.000Z",
    counted: { at: "2024-01-02T00:00:00.000Z", of: "all", index: 3, file: 2, equal: false },
  };

  test("is stored with the rows and read back", () => {
    const store = opened();
    expect(store.loadState(stream("tags"))).toBeNull();
    store.commit({ stream: stream("tags"), rows: [resource("t")], state, now: NOW });
    closed();
    expect(opened("write").loadState(stream("tags"))).toEqual(state);
  });

  test("is not stored when the rows are not, and the other way round", () => {
    const store = opened();
    const rows = Array.from({ length: 30 }, (_, i) => resource(`t${i}`));
    store.commit({ stream: stream("tags"), rows, state, now: NOW });
    const next = { ...state, syncedTo: "2025-01-01T00:00:00.000Z" };
    const batch = {
      stream: stream("tags"),
      rows: [resource("new")],
      state: next,
      sweep: new Set<string>(),
      now: NOW,
    };
    expect(() => store.commit(batch)).toThrow();
    expect(store.loadState(stream("tags"))).toEqual(state);
    expect(store.query("SELECT count(*) AS n FROM tags")).toEqual([{ n: 30 }]);
    const broken = {
      ...batch,
      sweep: new Set(rows.map(({ id }) => id)).add("new"),
      state: { ...next, state: 1n },
    };
    expect(() => store.commit(broken)).toThrow();
    expect(store.query("SELECT count(*) AS n FROM tags")).toEqual([{ n: 30 }]);
  });

  test.each(["state", "counted"])(
    "whose %s is not JSON is named, with the command that mends it",
    (column) => {
      opened().commit({ stream: stream("tags"), rows: [], state, now: NOW });
      open[0]!.close();
      open = [];
      byHand(`UPDATE _sync_state SET ${column} = '{'`);
      const damaged = expect.objectContaining({
        code: "store-state",
        at: "tags",
        hint: expect.stringContaining("reset tags"),
      });
      const store = opened("write");
      expect(() => store.loadState(stream("tags"))).toThrow(damaged);
      if (column === "counted") expect(() => store.status()).toThrow(damaged);
    },
  );
});

describe("runs", () => {
  const begin = {
    startedAt: "2024-01-01T00:00:00.000Z",
    version: "1",
    api: "https://x",
    streams: ["tags", "users"],
  };

  test("tell of each stream how its last run ended", async () => {
    const store = opened();
    const last = (name: string) => store.status().find((each) => each.stream === name)!.last_run;
    expect(last("tags")).toBeNull();
    await store.lock.acquire("sync");
    const run = store.beginRun({ ...begin, org: "o" });
    expect(last("tags")).toMatchObject({ id: run, status: "running", finished_at: null });
    store.finishRun(run, {
      finished_at: "2024-01-01T00:01:00.000Z",
      status: "partial",
      requests: 5,
      waited_ms: 7,
      streams: [
        { stream: "tags", status: "done" },
        { stream: "users", status: "failed" },
      ],
    });
    expect([last("tags")?.status, last("users")?.status, last("notes")]).toEqual(["done", "failed", null]);
    store.beginRun({ ...begin, org: "o", streams: ["users"] });
    expect([last("tags")?.status, last("users")?.status]).toEqual(["done", "running"]);
  });

  test("that nobody runs any more are not called running", async () => {
    const store = opened();
    const last = (name: string) => store.status().find((each) => each.stream === name)!.last_run;
    await store.lock.acquire("sync");
    const killed = store.beginRun({ ...begin, org: "o" });
    store.lock.release();
    expect(last("tags")).toMatchObject({ id: killed, status: "interrupted", finished_at: null });
    // Nor while another one runs, and in the table itself by then.
    await store.lock.acquire("sync");
    store.beginRun({ ...begin, org: "o", streams: ["users"] });
    expect([last("tags")?.status, last("users")?.status]).toEqual(["interrupted", "running"]);
    expect(store.query("SELECT status FROM _sync_runs ORDER BY id")).toEqual([
      { status: "interrupted" },
      { status: "running" },
    ]);
  });

  test("that did not come to their end are told from those that did", () => {
    const store = opened();
    expect(store.wasCutShort()).toBe(false);
    const end = { finished_at: "2024-01-01T00:01:00.000Z", requests: 1, waited_ms: 0, streams: [] };
    for (const [status, isCut] of [
      ["done", false],
      ["partial", false],
      ["failed", true],
      ["interrupted", true],
    ] as const) {
      const run = store.beginRun({ ...begin, org: "o" });
      expect(store.wasCutShort()).toBe(true);
      store.finishRun(run, { ...end, status });
      expect([status, store.wasCutShort()]).toEqual([status, isCut]);
    }
  });

  test("of another account are refused", () => {
    const store = opened();
    store.beginRun({ ...begin, org: "o1" });
    store.beginRun({ ...begin, org: null });
    expect(() => store.beginRun({ ...begin, org: "o2" })).toThrow(
      expect.objectContaining({ code: "store-foreign", message: expect.stringMatching(/o1.*o2/) }),
    );
  });
});

test("status counts live and deleted rows", () => {
  const store = opened();
  put(store, "tags", [resource("a"), resource("b"), resource("c", { deleted: true })]);
  expect(store.status().find((each) => each.stream === "tags")).toMatchObject({
    rows: 2,
    deleted: 1,
    complete: false,
  });
});
