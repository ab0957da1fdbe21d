/** What a user adds to the file stays as it is, whatever is written to it afterwards. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { openStore } from "../../src/store/store.ts";
import { folder, put, resource } from "./fixture.ts";

const ADDED = [
  "CREATE TABLE targets (agent TEXT PRIMARY KEY, hours REAL)",
  "INSERT INTO targets VALUES ('Ada', 4.5)",
  "CREATE TRIGGER keep_hours AFTER UPDATE ON targets BEGIN SELECT 1; END",
  "CREATE VIEW live_customers AS SELECT id, name FROM customers WHERE _deleted_at IS NULL",
  "CREATE INDEX customers_by_name ON customers (name)",
  "CREATE VIRTUAL TABLE words USING fts5 (text)",
  "INSERT INTO words VALUES ('hello world')",
  "ALTER TABLE customers ADD COLUMN my_score INTEGER",
  "UPDATE customers SET my_score = 5 WHERE id = 'a'",
];

test("tables, views, indexes, full-text tables and columns of a user's own survive syncs, and views see what comes", () => {
  const { db: path, remove } = folder();
  try {
    const change = (rows: Parameters<typeof put>[2], more: object = {}) => {
      const store = openStore(path, { mode: "write" });
      put(store, "customers", rows, more);
      store.close();
    };
    openStore(path, { mode: "create" }).close();
    change([resource("a", { name: "Ada", rev: 1 }), resource("b", { name: "Bo" })]);
    const byHand = new Database(path);
    for (const sql of ADDED) byHand.run(sql);
    const mine = () =>
      byHand
        .query("SELECT type, name, sql FROM sqlite_master WHERE name LIKE '%words%' OR name IN (?, ?, ?, ?)")
        .all("targets", "keep_hours", "live_customers", "customers_by_name");
    const before = mine();

    // New columns, a changed row, one that is gone.
    change([resource("a", { name: "Ada", rev: 2, brandNew: 1 }), resource("c", { name: "Cy" })]);
    change([], { sweep: new Set(["a", "c"]) });

    expect(before.length).toBeGreaterThan(4);
    expect(mine()).toEqual(before);
    const all = (sql: string) => byHand.query(sql).values();
    expect(all("SELECT * FROM targets")).toEqual([["Ada", 4.5]]);
    expect(all("SELECT * FROM live_customers ORDER BY id")).toEqual([
      ["a", "Ada"],
      ["c", "Cy"],
    ]);
    expect(all("SELECT text FROM words WHERE words MATCH 'world'")).toEqual([["hello world"]]);
    expect(all("SELECT my_score, rev, brand_new FROM customers WHERE id = 'a'")).toEqual([[5, 2, 1]]);
    byHand.close();
  } finally {
    remove();
  }
});
