/** A file of an older layout passes every step from there, once, or stays as it is. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { LAYOUT_VERSION, migrate, type Upgrade } from "../../src/store/migrations.ts";

const version = (db: Database) => db.query("PRAGMA user_version").values()[0]![0];

function stepsFrom(start: number, steps: number): { passed: number[]; version: unknown } {
  const db = new Database(":memory:", { strict: true });
  db.run(`PRAGMA user_version = ${start}`);
  const passed: number[] = [];
  const upgrades = Array.from(
    { length: steps },
    (_, i): Upgrade =>
      () =>
        void passed.push(i + 2),
  );
  migrate(db, upgrades);
  migrate(db, upgrades);
  return { passed, version: version(db) };
}

const cases: [string, number, number, number[]][] = [
  ["a new file needs none", 0, 3, []],
  ["the oldest passes all, in order", 1, 3, [2, 3, 4]],
  ["a later one the rest", 3, 3, [4]],
  ["the newest none", 4, 3, []],
];
for (const [name, start, steps, passed] of cases) {
  test(name, () => expect(stepsFrom(start, steps)).toEqual({ passed, version: steps + 1 }));
}

test("a step that fails leaves the version as it was", () => {
  const db = new Database(":memory:", { strict: true });
  db.run("PRAGMA user_version = 1");
  const upgrades: Upgrade[] = [
    (file) => void file.run("CREATE TABLE made (a)"),
    () => {
      throw new Error("no");
    },
  ];
  expect(() => db.transaction(() => migrate(db, upgrades)).immediate()).toThrow("no");
  expect(version(db)).toBe(1);
  expect(db.query("SELECT name FROM sqlite_master").all()).toEqual([]);
});

test("this program writes layout 1", () => expect(LAYOUT_VERSION).toBe(1));
