/** A file is opened whole, made whole, or left as it was. */
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "../../src/store/store.ts";
import { folder, put, resource, stream } from "./fixture.ts";

const MODES = ["create", "write", "read"] as const;
const STORE = join(import.meta.dir, "../../src/store/store.ts");

let here: ReturnType<typeof folder>;
beforeEach(() => {
  here = folder();
});
afterEach(() => here.remove());

function contents(): Record<string, string> {
  const files = readdirSync(here.path, { withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ name }) => [name, readFileSync(join(here.path, name)).toString("base64")]),
  );
}

function make(...sql: string[]): void {
  openStore(here.db, { mode: "create" }).close();
  byHand(...sql);
}

function byHand(...sql: string[]): void {
  const file = new Database(here.db, { create: true });
  for (const each of sql) file.run(each);
  file.close();
}

/** Runs a script in a process of its own; `open`, `db` and `notes` are at hand there. */
function spawn(script: string, env: Record<string, string> = {}) {
  const source = `
    import { openStore } from ${JSON.stringify(STORE)};
    import { findStream } from ${JSON.stringify(STORE.replace("store/store.ts", "streams/index.ts"))};
    const db = ${JSON.stringify(here.db)};
    const open = (mode) => openStore(db, { mode });
    const notes = findStream("notes");
    const caught = (action) => { try { action(); return "nothing"; } catch (error) { return error.code; } };
    ${script}`;
  return Bun.spawn([process.execPath, "-e", source], {
    env: { ...process.env, ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
}

async function outputOf(process: ReturnType<typeof spawn>): Promise<string> {
  const [out, err] = await Promise.all([
    new Response(process.stdout).text(),
    new Response(process.stderr).text(),
  ]);
  return out.trim() + err.trim();
}

describe("refuses, and leaves the folder as it was:", () => {
  const refusals: [string, () => void, string, RegExp][] = [
    ["a pipe", () => Bun.spawnSync(["mkfifo", here.db]), "store-foreign", /a pipe, not a file/],
    ["a folder", () => mkdirSync(here.db), "store-foreign", /a folder, not a file/],
    [
      "a database that names another program",
      () => byHand("PRAGMA application_id = 1", "CREATE TABLE t (a)"),
      "store-foreign",
      /not one of kustomer-sync/,
    ],
    [
      "a database in WAL mode of another program",
      () => byHand("PRAGMA journal_mode = WAL", "CREATE TABLE t (a)"),
      "store-foreign",
      /not one of kustomer-sync/,
    ],
    [
      "a newer layout",
      () => make("PRAGMA user_version = 2"),
      "store-newer",
      /layout 2, and this program knows no newer one than 1/,
    ],
    [
      "a header cut short",
      () => {
        make();
        writeFileSync(here.db, readFileSync(here.db).subarray(0, 99));
      },
      "store-foreign",
      /not an SQLite database/,
    ],
  ];
  for (const [name, prepare, code, words] of refusals) {
    for (const mode of MODES) {
      test(`${name}, to ${mode}`, () => {
        prepare();
        const before = contents();
        const error = expect.objectContaining({ code, at: here.db, message: expect.stringMatching(words) });
        expect(() => openStore(here.db, { mode })).toThrow(error);
        expect(contents()).toEqual(before);
      });
    }
  }

  for (const mode of ["write", "read"] as const) {
    test(`an empty file, to ${mode}`, () => {
      writeFileSync(here.db, "");
      const error = expect.objectContaining({ code: "store-missing", message: "this file is empty" });
      expect(() => openStore(here.db, { mode })).toThrow(error);
      expect(contents()).toEqual({ "kustomer.db": "" });
    });
  }

  test("a folder that is a file", () => {
    writeFileSync(here.db, "x");
    const path = join(here.db, "kustomer.db");
    const error = expect.objectContaining({ code: "store-io", message: `${here.db} is not a folder` });
    expect(() => openStore(path, { mode: "create" })).toThrow(error);
    expect(contents()).toEqual({ "kustomer.db": Buffer.from("x").toString("base64") });
  });

  test("a file that is ours and damaged, naming that", () => {
    make();
    const bytes = readFileSync(here.db);
    writeFileSync(here.db, bytes.fill(0xff, 4_096));
    const before = contents();
    expect(() => openStore(here.db, { mode: "write" })).toThrow(/damaged/);
    expect(contents()).toEqual(before);
  });
});

test.skipIf(process.getuid?.() !== 0)("what may not be read or written is named, and left", async () => {
  make();
  Bun.spawnSync(["chmod", "0711", here.path]);
  const asNobody = async (permissions: string, mode: string) => {
    Bun.spawnSync(["chmod", permissions, here.db]);
    return outputOf(spawn(`process.setuid(65534); console.log(caught(() => open("${mode}").status()));`));
  };
  const before = contents();
  expect(await asNobody("0600", "read")).toBe("store-io");
  expect(await asNobody("0644", "write")).toBe("store-io");
  expect(contents()).toEqual(before);
});

describe("making a file", () => {
  test("through a link that leads nowhere yet makes what it leads to", () => {
    symlinkSync(join(here.path, "real.db"), here.db);
    const store = openStore(here.db, { mode: "create" });
    expect(store.wasEmpty).toBe(true);
    store.close();
    expect(existsSync(join(here.path, "real.db"))).toBe(true);
  });

  test("by many processes at once makes one, that all can use", async () => {
    const script = (id: number) => `
      const store = open("create");
      store.commit({ stream: notes, rows: [{ id: "n${id}", attributes: {} }], state: null, now: 0 });
      store.close();`;
    const all = await Promise.all([1, 2, 3, 4].map((id) => outputOf(spawn(script(id)))));
    expect(all).toEqual(["", "", "", ""]);
    const store = openStore(here.db, { mode: "read" });
    expect(store.query("SELECT count(*) AS n FROM notes")).toEqual([{ n: 4 }]);
    store.close();
  }, 30_000);

  test("that finds no room leaves none behind, and an empty file empty", async () => {
    const script = 'trap "" XFSZ; ulimit -f 40; exec "$0" -e "$1"';
    const source = `
      import { openStore } from ${JSON.stringify(STORE)};
      try { openStore(${JSON.stringify(here.db)}, { mode: "create" }); } catch (error) { console.log(error.code); }`;
    const attempt = () =>
      Bun.spawnSync(["bash", "-c", script, process.execPath, source]).stdout.toString().trim();
    expect(attempt()).toMatch(/^(disk-full|store-io)$/);
    expect(contents()).toEqual({});
    writeFileSync(here.db, "");
    expect(attempt()).toMatch(/^(disk-full|store-io)$/);
    expect(contents()).toEqual({ "kustomer.db": "" });
  });

  test("that was killed while it was committed is undone, and made again", () => {
    make("PRAGMA journal_mode = DELETE");
    // The journal of a transaction that began with an empty file: https://www.sqlite.org/fileformat.html#the_rollback_journal
    const journal = Buffer.alloc(512);
    journal.write("d9d505f920a163d7", "hex");
    journal.writeUInt32BE(512, 20);
    journal.writeUInt32BE(4_096, 24);
    for (const mode of ["read", "write"] as const) {
      make("PRAGMA journal_mode = DELETE");
      writeFileSync(`${here.db}-journal`, journal);
      expect(() => openStore(here.db, { mode })).toThrow(expect.objectContaining({ code: "store-missing" }));
    }
    make("PRAGMA journal_mode = DELETE");
    writeFileSync(`${here.db}-journal`, journal);
    const store = openStore(here.db, { mode: "create" });
    expect(store.wasEmpty).toBe(true);
    store.close();
    openStore(here.db, { mode: "write" }).close();
  });
});

describe("an open file", () => {
  for (const mode of MODES) {
    test(`whose newer layout is still in the -wal of a killed process is refused to ${mode}`, async () => {
      make();
      const killed = spawn(`
        const { Database } = await import("bun:sqlite");
        const file = new Database(db);
        file.run("PRAGMA user_version = 2");
        process.kill(process.pid, "SIGKILL");`);
      await killed.exited;
      expect(readFileSync(here.db).readUInt32BE(60)).toBe(1);
      expect(() => openStore(here.db, { mode })).toThrow(expect.objectContaining({ code: "store-newer" }));
    });
  }

  test("can be read while it is written, leaves nothing beside it when the last closes, and closes twice", () => {
    const writer = openStore(here.db, { mode: "create" });
    put(writer, "notes", [resource("a")]);
    const reader = openStore(here.db, { mode: "read" });
    put(writer, "notes", [resource("b")]);
    expect(reader.query("SELECT count(*) AS n FROM notes")).toEqual([{ n: 2 }]);
    writer.close();
    writer.close();
    reader.close();
    expect(readdirSync(here.path)).toEqual(["kustomer.db"]);
  });

  test("on a full disk says so, keeps what was committed, and closes", async () => {
    const store = openStore(here.db, { mode: "create" });
    await store.lock.acquire("sync");
    const state = { state: 1, syncedTo: null, complete: false, start: null, counted: null };
    store.commit({ stream: stream("notes"), rows: [resource("a")], state, now: 0 });
    store.query("PRAGMA max_page_count = 1");
    const rows = Array.from({ length: 300 }, (_, i) => resource(`b${i}`, { body: "x".repeat(2_000) }));
    const batch = { stream: stream("notes"), rows, state: { ...state, state: 2 }, now: 0 };
    expect(() => store.commit(batch)).toThrow(expect.objectContaining({ code: "disk-full", at: here.db }));
    expect(store.query("SELECT id FROM notes")).toEqual([{ id: "a" }]);
    expect(store.loadState(stream("notes"))).toEqual(state);
    store.close();
  });
});
