/** A condition that a user wrote is one expression: it chooses among rows, and can do nothing else. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { openMoment } from "../../src/store/moment.ts";
import { openStore } from "../../src/store/store.ts";
import { folder, put, resource, stream } from "./fixture.ts";

const customers = stream("customers");

/** Runs something on a file of four customers, one of them deleted, that nobody writes to. */
function withFile<T>(action: (path: string) => T): T {
  const { db, remove } = folder();
  try {
    const store = openStore(db, { mode: "create" });
    put(store, "customers", [
      resource("a", { name: "Ada; -- ) /*", rev: 1, custom: { n: 1 } }),
      resource("b", { name: "Bo", rev: 2 }),
      resource("c", { name: "Cy", rev: 3 }),
      resource("gone", { name: "Bo", rev: 4, deleted: true }),
    ]);
    put(store, "tags", [resource("t", { name: "Bo" })]);
    store.close();
    return action(db);
  } finally {
    remove();
  }
}

/** The ids of the live customers that a condition holds of. */
function idsWhere(path: string, where: string, groupBy: "month" | null = null): unknown[] {
  const snapshot = openMoment(path);
  try {
    snapshot.checkCondition(customers, where);
    const columns = snapshot.columns(customers).filter(({ name }) => name === "id");
    const selection = { includeDeleted: false, writtenAfter: null, where, limit: null, groupBy };
    return [...snapshot.rows(customers, columns, selection)].flatMap(({ rows }) => rows.map(([id]) => id));
  } finally {
    snapshot.close();
  }
}

const taken: [string, string[]][] = [
  ["name = 'Bo'", ["b"]],
  ["rev = 1 OR rev = 4", ["a"]],
  ["rev > 1 -- not the first", ["b", "c"]],
  ["rev > 1 /* not the first */", ["b", "c"]],
  ["name LIKE '%; -- ) /*%'", ["a"]],
  ["name IN (SELECT name FROM tags)", ["b"]],
  ["(SELECT max(rev) FROM customers AS other) - rev = 1", ["c"]],
  ["json_extract(custom, '$.n') = 1", ["a"]],
  ["NULL", []],
];

test.each(taken)("%s: chooses", (where, ids) => {
  withFile((path) => {
    expect(idsWhere(path, where)).toEqual(ids);
    expect(idsWhere(path, where, "month")).toEqual(ids);
  });
});

const refused: [string, string][] = [
  ["", "syntax error"],
  ["name =", "syntax error"],
  ["nmae = 'Bo'", "no such column: nmae"],
  ["name = 'Bo' AND", "syntax error"],
  ["1; DROP TABLE customers", 'near ";": syntax error'],
  ["1); DROP TABLE customers; --", 'near ")": syntax error'],
  ["1) OR (1", 'near ")": syntax error'],
  ["1) OR (_deleted_at IS NOT NULL", 'near ")": syntax error'],
  ["1) UNION SELECT id, id FROM tags WHERE (1", 'near ")": syntax error'],
  ["1) UNION SELECT id, id FROM tags /*", 'near ")": syntax error'],
  ["1 THEN 1 END FROM customers; DELETE FROM customers; --", "syntax error"],
  ["1 THEN 1 WHEN 2", 'near "THEN": syntax error'],
  ["1 LIMIT 1", 'near "LIMIT": syntax error'],
  ["1 ORDER BY 1", 'near "ORDER": syntax error'],
  ["1 /*", "incomplete input"],
  ["'Bo", "unrecognized token"],
  ["SELECT 1", 'near "SELECT": syntax error'],
  ["(DELETE FROM customers RETURNING id)", 'near "DELETE": syntax error'],
  ["(WITH gone AS (DELETE FROM customers RETURNING 1) SELECT 1)", "syntax error"],
  ["PRAGMA query_only = 0", "syntax error"],
  ["ATTACH 'other.db' AS other", "syntax error"],
  ["EXISTS (SELECT 1 FROM pragma_query_only(0))", "too many arguments"],
  ["EXISTS (SELECT 1 FROM pragma_user_version(7))", "too many arguments"],
  ["count(*) > 1", "misuse of aggregate"],
  ["rev = ?", "it has a parameter"],
  ["rev = :rev", "it has a parameter"],
  // These are found out where a row is asked.
  ["load_extension('evil')", "not authorized"],
  ["json_extract(name, '$')", "malformed JSON"],
  ["length(zeroblob(2000000000)) > 0", "string or blob too big"],
  ["rev IN (SELECT rev FROM customers AS other LIMIT 'name')", "datatype mismatch"],
  ["abs(-9223372036854775807 - 1) = rev", "integer overflow"],
];

test.each(refused)("%s: is refused in SQLite's words, and nothing is changed", (where, said) => {
  withFile((path) => {
    const before = readFileSync(path);
    let thrown: unknown = null;
    try {
      idsWhere(path, where);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "usage", at: "customers", message: expect.stringContaining(said) });
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});

test("whatever is a condition and asks for more than to read changes nothing", () => {
  withFile((path) => {
    const before = readFileSync(path);
    for (const where of [
      "EXISTS (SELECT 1 FROM pragma_journal_mode('main'))",
      "EXISTS (SELECT 1 FROM pragma_wal_checkpoint('main'))",
      "EXISTS (SELECT 1 FROM pragma_optimize)",
      "EXISTS (SELECT 1 FROM pragma_incremental_vacuum(5))",
    ]) {
      try {
        idsWhere(path, where);
      } catch (error) {
        expect(error).toMatchObject({ code: "usage" });
      }
    }
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});
