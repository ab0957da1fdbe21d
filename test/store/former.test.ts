/**
 * A file that an earlier program made opens in today's: it gains the tables and columns that came since, and keeps every
 * row, every state and every run. `former/` has one file for each such program, none of which is ever made anew.
 */
import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "../../src/store/store.ts";
import { STREAMS } from "../../src/streams/index.ts";
import { folder, NOW, resource, stream } from "./fixture.ts";

const FORMER = join(import.meta.dir, "former");
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function unpack(name: string): Promise<string> {
  const { db, remove } = folder();
  ends.push(remove);
  const packed = await Bun.file(join(FORMER, name)).arrayBuffer();
  writeFileSync(db, Bun.gunzipSync(new Uint8Array(packed)));
  return db;
}

/** All rows of the tables that the file has, those of the columns that it has, as text. */
function rowsOf(path: string, tables: ReadonlyMap<string, readonly string[]>): string[] {
  const db = new Database(path, { readonly: true });
  try {
    return [...tables].flatMap(([table, columns]) => {
      const named = columns.map((column) => `"${column}"`).join(", ");
      const rows = db.query(`SELECT ${named} FROM "${table}" ORDER BY rowid`).values();
      return rows.map((row) => `${table} ${JSON.stringify(row)}`);
    });
  } finally {
    db.close();
  }
}

function tablesOf(path: string): Map<string, string[]> {
  const db = new Database(path, { readonly: true });
  try {
    const names = db
      .query("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> '_sync_lock'")
      .values();
    return new Map(
      names.map(([name]) => [
        String(name),
        db
          .query(`SELECT name FROM pragma_table_info('${String(name)}')`)
          .values()
          .map(([column]) => String(column)),
      ]),
    );
  } finally {
    db.close();
  }
}

describe.each(readdirSync(FORMER))("a file of %s", (name) => {
  test("keeps all that it has, and gains what came since", async () => {
    const db = await unpack(name);
    const tables = tablesOf(db);
    tables.delete("_sync_columns");
    const before = rowsOf(db, tables);
    expect(before.length).toBeGreaterThan(60);
    const store = openStore(db, { mode: "create" });
    try {
      for (const each of STREAMS) {
        expect(store.query(`SELECT count(*) AS n FROM "${each.name}"`)[0]!.n).toBeNumber();
        if (!tables.has(each.name)) expect(store.loadState(each)).toBeNull();
      }
      const states = STREAMS.filter((each) => tables.has(each.name)).map((each) => store.loadState(each));
      expect(states.every((state) => state?.complete === true)).toBe(true);
      expect(store.status().find((each) => each.stream === "customers")).toMatchObject({ complete: true });
    } finally {
      store.close();
    }
    expect(rowsOf(db, tables)).toEqual(before);
  });

  test("is written to like one of today's", async () => {
    const db = await unpack(name);
    const store = openStore(db, { mode: "create" });
    try {
      const rows = [resource("a-new-row", { name: "new", updatedAt: "2026-11-25T00:00:00.000Z" })];
      for (const each of ["customers", "queues"]) {
        expect(store.commit({ stream: stream(each), rows, state: null, now: NOW })).toEqual({
          written: 1,
          deleted: 0,
        });
      }
    } finally {
      store.close();
    }
  });

  test("can be read as it is, by commands that change nothing", async () => {
    const db = await unpack(name);
    const bytes = await Bun.file(db).arrayBuffer();
    const store = openStore(db, { mode: "read" });
    try {
      expect(store.status().map((each) => each.stream)).toEqual(STREAMS.map((each) => each.name));
    } finally {
      store.close();
    }
    expect(Buffer.from(await Bun.file(db).arrayBuffer()).equals(Buffer.from(bytes))).toBe(true);
  });
});
