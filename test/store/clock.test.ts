/**
 * "Written after this instant" leaves nothing out only while each commit that writes is later than all before, and is
 * of use to a person only while it is the moment of the commit.
 */
import { Database } from "bun:sqlite";
import { afterEach, describe, expect, setSystemTime, test } from "bun:test";
import { copyFileSync } from "node:fs";
import { readClock } from "../../src/store/clock.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { folder, NOW, put, resource, row, stream, withStore } from "./fixture.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;
/** The server's clock goes on while a test runs. */
const A_MINUTE = 60_000;

/** Sets this machine's clock. */
const machine = (ms: number) => setSystemTime(new Date(ms));
afterEach(() => void setSystemTime());

const writtenAt = (store: Store, table: string, id: string) =>
  Date.parse(row(store, table, id)._synced_at as string);

/** Writes a row when the machine's clock and the server's, else an hour behind it, say so; returns its instant. */
function writeAt(
  store: Store,
  id: string,
  clocks: { machine: number; server?: number },
  more: object = {},
): number {
  machine(clocks.machine);
  put(store, "customers", [resource(id)], { now: clocks.server ?? clocks.machine - HOUR, ...more });
  return writtenAt(store, "customers", id);
}

const expectAbout = (instant: number, expected: number) => {
  expect(instant).toBeGreaterThanOrEqual(expected);
  expect(instant).toBeLessThan(expected + A_MINUTE);
};

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

describe("the moment of a commit", () => {
  test("is when it was made, however long ago the run began and said the server's time", () => {
    withStore((store) => {
      expect(writeAt(store, "a", { machine: NOW + 1_000, server: NOW })).toBe(NOW + 1_000);
      expect(writeAt(store, "b", { machine: NOW + 5 * HOUR, server: NOW })).toBe(NOW + 5 * HOUR);
      expect(writeAt(store, "c", { machine: NOW + 3 * DAY, server: NOW })).toBe(NOW + 3 * DAY);
    });
  });

  test("is this machine's where the server told no time", () => {
    withStore((store) => {
      // As `cli/account` has it: put back by more than any clock is wrong.
      expect(writeAt(store, "a", { machine: NOW, server: NOW - 25 * HOUR })).toBe(NOW);
    });
  });

  test("is not before the server's time, since what is dated too early would be missed", () => {
    withStore((store) => expectAbout(writeAt(store, "a", { machine: NOW - HOUR, server: NOW }), NOW));
  });

  for (const [name, wrong] of [
    ["years ahead", NOW + 70 * YEAR],
    ["years behind", NOW - 20 * YEAR],
  ] as const) {
    test(`is the server's on a machine that is ${name}`, () => {
      withStore((store) => expectAbout(writeAt(store, "a", { machine: wrong, server: NOW }), NOW));
    });
  }

  test("is this machine's where the server's lies long before what the file has seen", () => {
    withStore((store) => {
      writeAt(store, "a", { machine: NOW });
      expect(writeAt(store, "b", { machine: NOW + HOUR, server: NOW - YEAR })).toBe(NOW + HOUR);
    });
  });

  test("is later than all before it, whichever clock was set back", () => {
    withStore((store, path) => {
      const at = [
        writeAt(store, "a", { machine: NOW }),
        writeAt(store, "b", { machine: NOW }),
        writeAt(store, "c", { machine: NOW - HOUR }),
      ];
      put(store, "tags", [resource("t")], { now: NOW - 2 * HOUR });
      expect([...at, writtenAt(store, "tags", "t")]).toEqual([NOW, NOW + 1, NOW + 2, NOW + 3]);
      expect(clockOf(path)?.at).toBe(NOW + 3);
      expect(writeAt(store, "d", { machine: NOW + HOUR })).toBe(NOW + HOUR);
    });
  });
});

describe("a clock that was wrong once", () => {
  const WRONG = NOW + 70 * YEAR;
  const poisoned = (store: Store) => {
    writeAt(store, "before", { machine: NOW - HOUR });
    const [first, second] = ["first", "second"].map((id) =>
      writeAt(store, id, { machine: WRONG }, { isOwnClock: true }),
    );
    expect([first, second]).toEqual([WRONG, WRONG + 1]);
  };

  test("is put right when this machine's and the server's agree again, in the same order", () => {
    withStore((store, path) => {
      poisoned(store);
      const { file } = clockOf(path)!;
      const after = writeAt(store, "after", { machine: NOW });
      expectAbout(after, NOW);
      const at = ["before", "first", "second", "after"].map((id) => writtenAt(store, "customers", id));
      expect(at).toEqual([...new Set(at)].sort((one, other) => one - other));
      expect(at[0]).toBe(NOW - HOUR);
      // What is asked for since a moment before may bring too much, and never too little.
      expect(at[1]).toBeGreaterThan(NOW - A_MINUTE);
      expect(clockOf(path)).toMatchObject({ at: after });
      // A mark that an export kept of the wrong time means nothing any more.
      expect(clockOf(path)!.file).not.toBe(file);
    });
  });

  test("stays where one clock alone speaks against it, and loses nothing meanwhile", () => {
    withStore((store, path) => {
      poisoned(store);
      const { file } = clockOf(path)!;
      expect(writeAt(store, "loaded", { machine: NOW }, { isOwnClock: true })).toBe(WRONG + 2);
      expect(writeAt(store, "dateless", { machine: NOW, server: NOW - 25 * HOUR })).toBe(WRONG + 3);
      expect(clockOf(path)!.file).toBe(file);
    });
  });

  test("and is wrong now does not move what was right", () => {
    withStore((store) => {
      writeAt(store, "a", { machine: NOW });
      writeAt(store, "b", { machine: NOW - YEAR, server: NOW - YEAR }, { isOwnClock: true });
      writeAt(store, "c", { machine: NOW - YEAR, server: NOW + HOUR });
      expect(writtenAt(store, "customers", "a")).toBe(NOW);
      expect(writtenAt(store, "customers", "b")).toBe(NOW + 1);
      expectAbout(writtenAt(store, "customers", "c"), NOW + HOUR);
    });
  });

  test("by days passes by itself", () => {
    withStore((store, path) => {
      const { file } = clockOf(path)!;
      writeAt(store, "a", { machine: NOW + 2 * DAY, server: NOW });
      expect(writeAt(store, "b", { machine: NOW + HOUR })).toBe(NOW + 2 * DAY + 1);
      expect(writeAt(store, "c", { machine: NOW + 3 * DAY })).toBe(NOW + 3 * DAY);
      expect(clockOf(path)!.file).toBe(file);
    });
  });
});

test("a row that is marked deleted is written then, and its deletion dated by Kustomer's clock", () => {
  machine(NOW);
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

test("verify's repairs are later, too", async () => {
  machine(NOW);
  const here = folder();
  const store = openStore(here.db, { mode: "create" });
  put(store, "tags", [resource("a"), resource("b")]);
  await store.lock.acquire("verify");
  const comparison = store.compare({ now: NOW - HOUR, repair: true, force: true });
  comparison.note(stream("tags"), [resource("a")], false);
  expect(comparison.end(stream("tags"), null)).toBe(1);
  comparison.close();
  expect(writtenAt(store, "tags", "b")).toBe(NOW + 1);
  store.close();
  here.remove();
});

test("a commit that writes nothing leaves the clock alone", () => {
  withStore((store, path) => {
    writeAt(store, "a", { machine: NOW });
    writeAt(store, "a", { machine: NOW + HOUR });
    expect(clockOf(path)?.at).toBe(NOW);
  });
});

test("it goes on over openings, belongs to one file, and goes with its copies", () => {
  machine(NOW);
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
    machine(NOW);
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
