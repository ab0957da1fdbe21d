/** A file that is damaged or changed by hand is said to be so, 5, whatever the command; it is no bug of the program's. */
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineCommand } from "../../src/cli/command.ts";
import { databaseOptions } from "../../src/cli/shared-options.ts";
import { makeFile } from "../export/fixture.ts";
import { runHere } from "./in-process.ts";
import { temporaryFolder } from "./program.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const whole = join(folder.path, "whole.db");
makeFile(whole, 60);
let count = 0;

function begin(): string {
  const at = join(folder.path, String(++count));
  mkdirSync(at);
  copyFileSync(whole, join(at, "kustomer.db"));
  return at;
}

function byHand(db: string, ...statements: string[]): void {
  const file = new Database(db);
  for (const sql of statements) file.run(sql);
  file.close();
}

function edit(db: string, change: (bytes: Buffer) => void): void {
  const bytes = readFileSync(db);
  change(bytes);
  writeFileSync(db, bytes);
}

const setByte = (at: number, value: number) => (db: string) =>
  edit(db, (bytes) => {
    bytes[at] = value;
  });

/** Lets SQLite put into the columns of a table what their types forbid. */
function loosely(db: string, table: string, sql: string): void {
  const at = (bytes: Buffer) => bytes.indexOf(") STRICT", bytes.indexOf(`CREATE TABLE "${table}"`)) + 2;
  edit(db, (bytes) => bytes.fill(" ", at(bytes), at(bytes) + 6));
  byHand(db, sql);
  edit(db, (bytes) => {
    const begin = bytes.indexOf(`CREATE TABLE "${table}"`);
    bytes.write("STRICT", bytes.indexOf(")       ", begin) + 2);
  });
}

/** Gives the row in the middle of a page of a table another number, by which nobody finds it. */
function misnumber(db: string, text: string): void {
  edit(db, (bytes) => {
    const page = Math.floor(bytes.indexOf(text) / 4_096) * 4_096;
    // https://www.sqlite.org/fileformat.html#b_tree_pages: 13 is a leaf of a table, and its cells' places come after 8 bytes.
    expect(bytes[page]).toBe(13);
    const cells = bytes.readUInt16BE(page + 3);
    const cell = page + bytes.readUInt16BE(page + 8 + 2 * (cells >> 1));
    // A cell is the length of the row, in two bytes here, and its number.
    expect([bytes[cell]! >> 7, bytes[cell + 1]! >> 7, bytes[cell + 2]! >> 7]).toEqual([1, 0, 0]);
    bytes[cell + 2] = 127;
  });
}

type Change = (db: string) => void;
const COMMANDS: Record<string, (at: string) => string[]> = {
  status: () => ["status"],
  export: (at) => ["export", "customers", "tags", "--include-deleted", "--out", join(at, "out")],
  "export by month": (at) => [
    "export",
    "customers",
    "tags",
    "--partition-by",
    "month",
    "--out",
    join(at, "months"),
  ],
  snapshot: (at) => ["snapshot", join(at, "copy.db")],
  reset: () => ["reset", "tags", "--yes"],
};

/** The commands that meet the damage, and what they say of it; the others may go on. */
const DAMAGES: Record<string, { change: Change; meets: readonly string[]; says: RegExp }> = {
  "its format is one that SQLite does not know": {
    change: setByte(47, 9),
    meets: Object.keys(COMMANDS),
    says: /the file is damaged \(unsupported file format\)/,
  },
  "what a run did is no JSON": {
    change: (db) =>
      byHand(
        db,
        "INSERT INTO _sync_runs (started_at, status, version, api, streams) VALUES ('2026', 'done', '1', 'x', '{')",
      ),
    meets: ["status", "export", "export by month", "snapshot"],
    says: /changed by hand\? \(malformed JSON\)/,
  },
  "a column of integers holds a text": {
    change: (db) => loosely(db, "customers", "UPDATE customers SET rev = 'x1'"),
    meets: ["export", "export by month", "snapshot"],
    says: /damaged \(x1 in a column of integers\)|came out damaged/,
  },
  "a row is not where its number says": {
    change: (db) => misnumber(db, "Name 30"),
    meets: ["export by month", "snapshot"],
    says: /damaged \(row \d+ of customers is not found|came out damaged/,
  },
};

for (const [name, { change, meets, says }] of Object.entries(DAMAGES)) {
  describe(`where ${name},`, () => {
    test.each(Object.entries(COMMANDS))("%s says so, or is not concerned", async (command, args) => {
      const at = begin();
      const db = join(at, "kustomer.db");
      change(db);
      const { code, stderr } = await runHere([...args(at), "--db", db, "--quiet"]);
      if (meets.includes(command)) expect([code, stderr]).toEqual([5, expect.stringMatching(says)]);
      else expect([code, stderr]).toEqual([0, ""]);
    });
  });
}

test("what looks like a bug is none on a damaged file, and is one on a sound file", async () => {
  const odd = defineCommand({
    name: "odd",
    summary: "fails",
    positionals: [],
    options: databaseOptions,
    examples: [],
    run: async () => {
      throw new TypeError("x is not a function");
    },
  });
  const damaged = join(begin(), "kustomer.db");
  misnumber(damaged, "Name 30");
  const said = async (db: string) => {
    const { code, stderr } = await runHere(["odd", "--db", db], {}, { odd: async () => odd });
    return [code, stderr.split("\n")[0]];
  };
  expect(await said(damaged)).toEqual([
    5,
    expect.stringMatching(/the file is damaged \(.*Rowid.*; hence: x is not a function\)/),
  ]);
  expect(await said(whole)).toEqual([1, "error: this is a bug in kustomer-sync"]);
  expect(await said(join(folder.path, "none.db"))).toEqual([1, "error: this is a bug in kustomer-sync"]);
});
