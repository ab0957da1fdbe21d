/** "Written after this instant" leaves nothing out only while each commit that writes is later than all before. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { copyFileSync } from "node:fs";
import { readClock } from "../../src/store/clock.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { folder, NOW, put, resource, row, stream, withStore } from "./fixture.ts";

const HOUR = 3_600_000;

const writtenAt = (store: Store, table: string, id: string) =>
  Date.parse(row(store, table, id)._synced_at as string);

function clockOf(path: string) {
  const db = new Database(path, { readonly: true });
  try {
    return readClock(db);
  } finally {
    db.close();
  }
}

function byHand(path: string, sql: string): void {
  const db = new Database(path);
  db.run(sql);
  db.close();
}

test("a commit is later than the one before, whichever clock was set back", () => {
  withStore((store, path) => {
    for (const [id, now] of [["a", NOW] as const, ["b", NOW] as const, ["c", NOW - HOUR] as const]) {
      put(store, "customers", [resource(id)], { now });
    }
    put(store, "tags", [resource("t")], { now: NOW - 2 * HOUR });
    const times = ["a", "b", "c"].map((id) => writtenAt(store, "customers", id));
    expect([...times, writtenAt(store, "tags", "t")]).toEqual([NOW, NOW + 1, NOW + 2, NOW + 3]);
    expect(clockOf(path)?.at).toBe(NOW + 3);
    put(store, "customers", [resource("d")], { now: NOW + HOUR });
    expect(writtenAt(store, "customers", "d")).toBe(NOW + HOUR);
  });
});

test("a row that is marked deleted is written then, and its deletion dated by Kustomer's clock", () => {
  withStore((store) => {
    put(store, "tags", [resource("a"), resource("b")]);
    put(store, "tags", [resource("b")], { sweep: new Set(["b"]), now: NOW - HOUR });
    expect(row(store, "tags", "a")).toMatchObject({
      _deleted_at: new Date(NOW - HOUR).toISOString(),
      _synced_at: new Date(NOW + 1).toISOString(),
    });
    put(store, "customers", [resource("gone")], { now: NOW - HOUR });
    put(store, "customers", [resource("begin")], { seen: { step: "begin", from: null }, now: NOW - HOUR });
    put(store, "customers", [resource("end")], { seen: { step: "end", from: null }, now: NOW - HOUR });
    const held = row(store, "customers", "gone");
    expect(held._deleted_at).toBe(new Date(NOW - HOUR).toISOString());
    expect(Date.parse(held._synced_at as string)).toBe(writtenAt(store, "customers", "end"));
    expect(writtenAt(store, "customers", "end")).toBeGreaterThan(writtenAt(store, "customers", "begin"));
  });
});

test("verify's repairs are later, too", () => {
  withStore((store) => {
    put(store, "tags", [resource("a"), resource("b")]);
    store.lock.acquire("verify");
    const comparison = store.compare({ now: NOW - HOUR, repair: true, force: true });
    comparison.note(stream("tags"), [resource("a")], false);
    expect(comparison.end(stream("tags"), null)).toBe(1);
    comparison.close();
    expect(writtenAt(store, "tags", "b")).toBe(NOW + 1);
  });
});

test("a commit that writes nothing leaves the clock alone", () => {
  withStore((store, path) => {
    put(store, "customers", [resource("a")]);
    put(store, "customers", [resource("a")], { now: NOW + HOUR });
    expect(clockOf(path)?.at).toBe(NOW);
  });
});

test("it goes on over openings, belongs to one file, and goes with its copies", () => {
  const { db, remove } = folder();
  try {
    openStore(db, { mode: "create" }).close();
    const first = clockOf(db)!;
    expect(first.at).toBe(0);
    let store = openStore(db, { mode: "write" });
    put(store, "customers", [resource("a")]);
    store.close();
    copyFileSync(db, `${db}.copy`);
    store = openStore(`${db}.copy`, { mode: "write" });
    put(store, "customers", [resource("b")], { now: NOW - HOUR });
    store.close();
    expect(clockOf(`${db}.copy`)).toEqual({ file: first.file, at: NOW + 1 });
    openStore(`${db}.other`, { mode: "create" }).close();
    expect(clockOf(`${db}.other`)!.file).not.toBe(first.file);
  } finally {
    remove();
  }
});

for (const [name, sql] of [
  ["a file from before there was a clock", "DROP TABLE _sync_clock"],
  ["a clock that somebody spoilt", "UPDATE _sync_clock SET at = 'noon'"],
  ["a clock that somebody emptied", "DELETE FROM _sync_clock"],
] as const) {
  test(`${name} gets one that is as late as its rows`, () => {
    const { db, remove } = folder();
    try {
      let store = openStore(db, { mode: "create" });
      put(store, "users", [resource("a")]);
      store.close();
      const before = clockOf(db)!;
      byHand(db, sql);
      expect(clockOf(db)).toBeNull();
      store = openStore(db, { mode: "write" });
      put(store, "customers", [resource("a")], { now: NOW - HOUR });
      store.close();
      expect(clockOf(db)!.at).toBe(NOW + 1);
      expect(clockOf(db)!.file).not.toBe(before.file);
    } finally {
      remove();
    }
  });
}
