/** Nothing that somebody put into the file changes rows behind the program's back; what harms nothing stays: law 10. */
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { openStore } from "../../src/store/store.ts";
import { folder, put, resource } from "./fixture.ts";

let here: ReturnType<typeof folder>;
beforeEach(() => {
  here = folder();
  const store = openStore(here.db, { mode: "create" });
  put(store, "messages", [resource("before", { subject: "old" })]);
  store.close();
});
afterEach(() => here.remove());

function byHand(...statements: string[]): void {
  const db = new Database(here.db);
  for (const sql of statements) db.run(sql);
  db.close();
}

function query(sql: string): unknown[] {
  const db = new Database(here.db, { readonly: true });
  try {
    return db.query(sql).all();
  } finally {
    db.close();
  }
}

const AFTER = "CREATE TRIGGER mine AFTER INSERT ON messages BEGIN";

describe("a file is refused, and left as it is, with", () => {
  const planted: Record<string, string[]> = {
    "a trigger that deletes rows": [`${AFTER} DELETE FROM messages WHERE id <> NEW.id; END`],
    "one that deletes rows of another stream": [`${AFTER} DELETE FROM customers; END`],
    "one in other letters and quotes": [`${AFTER} delete /* all */ from"MESSAGES"; END`],
    "one with names in brackets": [`${AFTER} DELETE FROM [messages]; END`],
    "one with names in ticks": [`${AFTER} DELETE FROM \`messages\`; END`],
    "one with a text for a name": [`${AFTER} DELETE FROM 'messages'; END`],
    "one with a comment between the words": [`${AFTER} DELETE -- from nothing\n FROM messages; END`],
    "one that updates": [`${AFTER} UPDATE messages SET subject = NULL; END`],
    "one that updates or ignores": [`${AFTER} UPDATE OR IGNORE messages SET id = 'x'; END`],
    "one that replaces": [`${AFTER} REPLACE INTO messages (id) VALUES ('x'); END`],
    "one that inserts": [`${AFTER} INSERT OR IGNORE INTO messages (id) VALUES ('x'); END`],
    "one that touches the state": [`${AFTER} UPDATE _sync_state SET complete = 1; END`],
    "one on a table of ours that is no stream's": [
      "CREATE TRIGGER mine AFTER UPDATE ON _sync_clock BEGIN DELETE FROM messages; END",
    ],
    "one that leaves rows out": [
      "CREATE TRIGGER mine BEFORE INSERT ON messages WHEN NEW.id = 'a' BEGIN SELECT RAISE(IGNORE); END",
    ],
    "one that fires another, on a table of the user": [
      "CREATE TABLE log (id)",
      `${AFTER} INSERT INTO log VALUES (NEW.id); END`,
      "CREATE TRIGGER next AFTER INSERT ON log BEGIN DELETE FROM messages; END",
    ],
    "one that fires another, on a view": [
      "CREATE VIEW seen AS SELECT 1 AS id",
      `${AFTER} INSERT INTO seen VALUES (NEW.id); END`,
      "CREATE TRIGGER next INSTEAD OF INSERT ON seen BEGIN DELETE FROM messages; END",
    ],
    "a table that drops rows itself": [
      "CREATE TABLE copy (id TEXT PRIMARY KEY NOT NULL, name TEXT UNIQUE ON CONFLICT REPLACE) STRICT",
      "DROP TABLE tags",
      "ALTER TABLE copy RENAME TO tags",
    ],
  };
  for (const [name, statements] of Object.entries(planted)) {
    test(name, () => {
      byHand(...statements);
      for (const mode of ["create", "write"] as const) {
        expect(() => openStore(here.db, { mode })).toThrow(
          expect.objectContaining({ code: "store-foreign", exitCode: 5, at: here.db }),
        );
      }
      expect(query("SELECT id, subject FROM messages")).toEqual([{ id: "before", subject: "old" }]);
      // What only reads is not harmed by it.
      openStore(here.db, { mode: "read" }).close();
    });
  }

  test("and the error tells which it is, and how to be rid of it", () => {
    byHand(`CREATE TRIGGER "a ""b" AFTER INSERT ON messages BEGIN DELETE FROM notes; END`);
    let hint = "";
    try {
      openStore(here.db, { mode: "write" });
    } catch (error) {
      expect((error as Error).message).toEndWith(`a "b, on messages, writes to notes`);
      hint = (error as { hint: string }).hint;
    }
    byHand(/'(DROP TRIGGER .*)'/.exec(hint)![1]!);
    openStore(here.db, { mode: "write" }).close();
  });
});

test("a sync leaves the user's own tables, views, indexes, triggers and full-text index, and keeps the index up to date", () => {
  byHand(
    "CREATE TABLE mine (id TEXT PRIMARY KEY, note TEXT)",
    "INSERT INTO mine VALUES ('before', 'call back')",
    "CREATE VIEW recent AS SELECT id FROM messages ORDER BY id DESC",
    "CREATE INDEX by_subject ON messages (subject)",
    "CREATE TABLE log (id TEXT)",
    "CREATE TRIGGER logged AFTER INSERT ON messages BEGIN INSERT INTO log VALUES (NEW.id) ON CONFLICT DO UPDATE SET id = 1; END",
    "CREATE TRIGGER own AFTER INSERT ON mine BEGIN DELETE FROM messages WHERE id = NEW.id; END",
    // As `sqlite-utils enable-fts kustomer.db messages subject --create-triggers` makes it.
    "CREATE VIRTUAL TABLE messages_fts USING FTS5 (subject, content=messages)",
    "INSERT INTO messages_fts (messages_fts) VALUES ('rebuild')",
    "CREATE TRIGGER messages_ai AFTER INSERT ON messages BEGIN INSERT INTO messages_fts (rowid, subject) VALUES (new.rowid, new.subject); END",
    "CREATE TRIGGER messages_ad AFTER DELETE ON messages BEGIN INSERT INTO messages_fts (messages_fts, rowid, subject) VALUES('delete', old.rowid, old.subject); END",
    "CREATE TRIGGER messages_au AFTER UPDATE ON messages BEGIN INSERT INTO messages_fts (messages_fts, rowid, subject) VALUES('delete', old.rowid, old.subject); INSERT INTO messages_fts (rowid, subject) VALUES (new.rowid, new.subject); END",
  );
  const made = query("SELECT name, sql FROM sqlite_master ORDER BY name");
  const store = openStore(here.db, { mode: "write" });
  put(store, "messages", [resource("new", { subject: "hello" }), resource("before", { subject: "changed" })]);
  store.close();
  expect(query("SELECT name, sql FROM sqlite_master ORDER BY name")).toEqual(made);
  expect(query("SELECT * FROM mine")).toEqual([{ id: "before", note: "call back" }]);
  expect(query("SELECT * FROM recent")).toEqual([{ id: "new" }, { id: "before" }]);
  expect(query("SELECT * FROM log")).toEqual([{ id: "new" }]);
  expect(
    query("SELECT id FROM messages WHERE rowid IN (SELECT rowid FROM messages_fts('hello OR changed'))"),
  ).toHaveLength(2);
  expect(query("SELECT rowid FROM messages_fts('old')")).toEqual([]);
});
