/** `reset` forgets what was asked, nothing more, and only when somebody means it. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { STREAMS } from "../../src/streams/index.ts";
import {
  differences,
  held,
  lockByHand,
  PROGRAM,
  run,
  type SandboxProcess,
  type SyncReport,
  startSandboxProcess,
  temporaryFolder,
} from "./program.ts";

const folder = temporaryFolder();
const synced = join(folder.path, "synced.db");
let sandbox: SandboxProcess;
let next = 0;

beforeAll(async () => {
  const limits = ["--rpm", "1000000", "--search-rpm", "1000000"];
  sandbox = await startSandboxProcess(folder.path, ["--rows", "1200", ...limits]);
  expect((await invoke(["sync", "--db", synced])).code).toBe(0);
}, 60_000);
afterAll(async () => {
  await sandbox.stop();
  folder.remove();
});

const invoke = (args: string[]) =>
  run([...args], { cwd: folder.path, env: { ...sandbox.env, KUSTOMER_SYNC_DB: synced } });

function copy(): string {
  const db = join(folder.path, `db-${++next}.db`);
  copyFileSync(synced, db);
  return db;
}

async function sync(db: string, code = 0): Promise<SyncReport> {
  const { stdout, ...ended } = await invoke(["sync", "--json", "--db", db, "--search-rpm", "1000000"]);
  expect([ended.code, ended.stderr]).toEqual([code, expect.any(String)]);
  return JSON.parse(stdout) as SyncReport;
}

const states = (db: string): string[] => {
  const file = new Database(db, { readonly: true });
  const rows = file.query<{ stream: string }, []>("SELECT stream FROM _sync_state ORDER BY stream").all();
  file.close();
  return rows.map(({ stream }) => stream);
};

describe("a stream", () => {
  test("is read from the beginning by the next sync, and its rows stay meanwhile", async () => {
    const db = copy();
    const { code, stdout } = await invoke(["reset", "notes", "tags", "--yes", "--db", db, "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      db,
      streams: [
        { stream: "notes", rows_dropped: 0 },
        { stream: "tags", rows_dropped: 0 },
      ],
    });
    expect(held(db, "notes")).toEqual(held(synced, "notes"));
    const report = await sync(db);
    const read = Object.fromEntries(
      report.streams.map(({ stream, read, written }) => [stream, { read, written }]),
    );
    expect(read.notes!.read).toBeGreaterThanOrEqual(held(synced, "notes").length);
    expect(read.notes!.written).toBe(0);
    // The row at the horizon, and one with each count.
    expect(read.messages!.read).toBeLessThanOrEqual(4);
    expect(await differences(db, sandbox)).toEqual({});
  }, 60_000);

  test("loses its rows with --drop, and gets them again, in the columns it had", async () => {
    const db = copy();
    const file = new Database(db);
    file.run("ALTER TABLE messages ADD COLUMN mine TEXT");
    file.close();
    const columns = () => {
      const reader = new Database(db, { readonly: true });
      const names = reader.query("SELECT name FROM pragma_table_info('messages')").all();
      reader.close();
      return names;
    };
    const before = columns();
    const { code, stdout } = await invoke(["reset", "messages", "--drop", "--yes", "--db", db]);
    expect(code).toBe(0);
    const rows = held(synced, "messages").length.toLocaleString("en-US");
    expect(stdout).toMatch(new RegExp(`^stream +rows dropped\\nmessages +${rows}\\n$`));
    expect(held(db, "messages")).toEqual([]);
    expect(held(db, "customers")).toEqual(held(synced, "customers"));
    expect(columns()).toEqual(before);
    await sync(db);
    expect(await differences(db, sandbox)).toEqual({});
  }, 60_000);

  test("can be begun anew when its state does not parse, as the error says", async () => {
    const db = copy();
    for (const state of ["{ not json", '{"v":7}']) {
      const file = new Database(db);
      file.run("UPDATE _sync_state SET state = ? WHERE stream = 'notes'", [state]);
      file.close();
      const refused = await invoke(["sync", "--db", db]);
      expect([refused.code, refused.stderr]).toEqual([
        5,
        expect.stringContaining("kustomer-sync reset notes"),
      ]);
      expect((await invoke(["reset", "notes", "--yes", "--db", db])).code).toBe(0);
      await sync(db);
      expect(await differences(db, sandbox)).toEqual({});
    }
  }, 60_000);
});

test("--all means every stream", async () => {
  const db = copy();
  const { code, stdout } = await invoke(["reset", "--all", "--drop", "--yes", "--db", db, "--json"]);
  expect(code).toBe(0);
  const { streams } = JSON.parse(stdout) as { streams: { stream: string; rows_dropped: number }[] };
  const counts = streams.map(({ stream, rows_dropped }) => [stream, rows_dropped]);
  expect(counts).toEqual(streams.map(({ stream }) => [stream, held(synced, stream).length]));
  expect([counts.length, states(db)]).toEqual([STREAMS.length, []]);
}, 60_000);

test("a file that a sync holds is left alone: 5", async () => {
  const db = copy();
  lockByHand(db);
  const { code, stderr } = await invoke(["reset", "--all", "--drop", "--yes", "--db", db]);
  expect([code, stderr]).toEqual([5, expect.stringContaining("another sync holds the file")]);
  expect(states(db)).toEqual(states(synced));
  expect(held(db, "tags")).toEqual(held(synced, "tags"));
}, 60_000);

describe("without --yes", () => {
  /** Runs it on a terminal, and types once the question is there. */
  async function onTerminal(args: string[], answer: string): Promise<{ code: number; shown: string }> {
    let shown = "";
    let typed = false;
    const child = Bun.spawn([...PROGRAM, ...args], {
      cwd: folder.path,
      env: { PATH: process.env.PATH ?? "", HOME: folder.path, TERM: "xterm", ...sandbox.env },
      terminal: {
        cols: 100,
        rows: 30,
        data(terminal, data) {
          shown += new TextDecoder().decode(data);
          if (typed || !shown.includes("type yes")) return;
          typed = true;
          terminal.write(answer);
        },
      },
    });
    const code = await child.exited;
    child.terminal?.close();
    return { code, shown };
  }

  test("it asks on a terminal, says what would go, and does it on yes", async () => {
    const db = copy();
    const { code, shown } = await onTerminal(["reset", "tags", "--drop", "--db", db], "yes\n");
    expect([code, shown]).toEqual([0, expect.stringContaining("removes their rows")]);
    expect(shown).toContain(`tags: ${held(synced, "tags").length} rows, synced to 2`);
    expect(held(db, "tags")).toEqual([]);
  }, 60_000);

  for (const [name, answer] of [
    ["anything else", "y\n"],
    ["nothing", "\n"],
    ["the end of input", "\x04"],
    ["Ctrl-C", "\x03"],
  ] as const) {
    test(`it does nothing on ${name}: 130`, async () => {
      const db = copy();
      const before = Bun.hash(readFileSync(db));
      const { code, shown } = await onTerminal(["reset", "--all", "--drop", "--db", db], answer);
      expect([code, shown]).toEqual([130, expect.stringContaining("nothing was changed")]);
      expect(Bun.hash(readFileSync(db))).toBe(before);
    }, 60_000);
  }

  test("it does nothing where nobody can answer, whatever stands on stdin: 2", async () => {
    const db = copy();
    const before = Bun.hash(readFileSync(db));
    const args = ["reset", "tags", "--db", db];
    const { code, stdout, stderr } = await run(args, { cwd: folder.path, stdin: "yes\n" });
    expect([code, stdout, stderr]).toEqual([2, "", expect.stringContaining("--yes")]);
    expect(Bun.hash(readFileSync(db))).toBe(before);
  });
});
