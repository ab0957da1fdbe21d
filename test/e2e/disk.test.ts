/**
 * What the disk, other programs and people's hands can do to the file, against the real program: the run says what
 * it was and ends 5, the file stays sound, and the next run goes on from there to an equal copy.
 */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { toResource } from "../../src/store/row.ts";
import { openStore } from "../../src/store/store.ts";
import { STREAMS } from "../../src/streams/index.ts";
import { canMount, mountMemory } from "./mount.ts";
import { type Ended, held, run, temporaryFolder } from "./program.ts";
import { FAST, type LocalSandbox, relay, startLocalSandbox } from "./relay.ts";

const folder = temporaryFolder();
let next = 0;
const newPath = () => join(folder.path, `db-${++next}.db`);

/** One account for all tests that do not change it, and the file that one undisturbed sync makes of it. */
let sandbox: LocalSandbox;
const whole = newPath();
beforeAll(async () => {
  sandbox = await startLocalSandbox({ rows: 1_500 });
  expect((await sync(whole)).code).toBe(0);
});
afterAll(async () => {
  await sandbox.stop();
  folder.remove();
});

function sync(db: string, env = sandbox.env): Promise<Ended> {
  return run(["sync", "--quiet", "--db", db, ...FAST], { cwd: folder.path, env });
}

function copyOfWhole(): string {
  const db = newPath();
  copyFileSync(whole, db);
  return db;
}

function byHand(path: string, ...statements: string[]): void {
  const db = new Database(path, { readwrite: true, strict: true });
  try {
    db.run("PRAGMA busy_timeout = 5000");
    for (const sql of statements) db.run(sql);
  } finally {
    db.close();
  }
}

/** Opened to write, because a reader cannot undo what a killed or failed writer left. */
function integrity(path: string): string {
  byHand(path);
  return rowsOf<{ integrity_check: string }>(path, "PRAGMA integrity_check")[0].integrity_check;
}

function rowsOf<Row>(path: string, sql: string): [Row, ...Row[]] {
  const db = new Database(path, { readonly: true, strict: true });
  try {
    return db.query<Row, []>(sql).all() as [Row, ...Row[]];
  } finally {
    db.close();
  }
}

/** Everything Kustomer sent, as it can be read back from a file, wherever in the tables it lies. */
function readBack(path: string): Record<string, string> {
  const store = openStore(path, { mode: "read" });
  try {
    const found: Record<string, string> = {};
    for (const stream of STREAMS) {
      const layout = store.layout(stream);
      for (const row of store.query(`SELECT * FROM "${stream.name}"`)) {
        const { attributes, ...members } = toResource(row, layout);
        const sorted = Object.entries({ ...members, ...attributes }).sort(([a], [b]) => (a < b ? -1 : 1));
        found[`${stream.name} ${row.id} ${row._deleted_at}`] = JSON.stringify(sorted);
      }
    }
    return found;
  } finally {
    store.close();
  }
}

async function expectWhole(db: string): Promise<void> {
  expect(await sandbox.differences(db)).toEqual({});
  expect(integrity(db)).toBe("ok");
  expect(readBack(db)).toEqual(readBack(whole));
}

describe.skipIf(!canMount)("a full disk", () => {
  test("in mid-sync ends 5; the file is sound and readable, and with room the next run goes on", async () => {
    await using account = await startLocalSandbox({ rows: 12_000 });
    await using mount = await mountMemory(join(folder.path, "full"), "4m");
    const db = join(mount.path, "kustomer.db");
    const args = ["sync", "--quiet", "--db", db, ...FAST];
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const full = await mount.run(args, account.env);
      expect([full.code, full.stderr]).toEqual([5, expect.stringContaining(`${db}: the disk is full`)]);
      expect(full.stderr).toContain("try: make room");
      expect((await mount.run(["status", "--db", db], {})).code).toBe(0);
    }
    const copy = newPath();
    for (const suffix of ["", "-wal"]) copyFileSync(join(mount.seen, `kustomer.db${suffix}`), copy + suffix);
    expect(integrity(copy)).toBe("ok");
    expect(STREAMS.filter(({ name }) => held(copy, name).length > 0).length).toBeGreaterThan(2);

    await mount.remount("size=200m");
    const roomy = await mount.run(args, account.env);
    expect([roomy.code, roomy.stderr]).toEqual([0, ""]);
    expect(readdirSync(mount.seen)).toEqual(["kustomer.db"]);
    const moved = newPath();
    copyFileSync(join(mount.seen, "kustomer.db"), moved);
    expect(await account.differences(moved)).toEqual({});
    // What was under way each time, and nothing that had been committed.
    expect(account.stats().duplicates).toBeLessThanOrEqual(2 * 8);
  }, 120_000);

  test("from the beginning ends 5 and leaves nothing behind", async () => {
    await using mount = await mountMemory(join(folder.path, "tiny"), "64k");
    const { code, stderr } = await mount.run(
      ["sync", "--db", join(mount.path, "k.db"), ...FAST],
      sandbox.env,
    );
    expect([code, stderr]).toEqual([5, expect.stringContaining("the disk is full")]);
    expect(readdirSync(mount.seen)).toEqual([]);
  }, 60_000);
});

describe.skipIf(!canMount)("a file system that is read-only", () => {
  test("is told to a sync, 5, and the file on it can be read", async () => {
    await using mount = await mountMemory(join(folder.path, "sealed"), "20m");
    copyFileSync(whole, join(mount.seen, "kustomer.db"));
    await mount.remount("ro");
    for (const name of ["kustomer.db", "new.db"]) {
      const db = join(mount.path, name);
      const { code, stderr } = await mount.run(["sync", "--db", db, ...FAST], sandbox.env);
      expect([code, stderr]).toEqual([
        5,
        expect.stringContaining(`${db}: it is on a file system that is read-only`),
      ]);
    }
    const status = await mount.run(["status", "--json", "--db", join(mount.path, "kustomer.db")], {});
    expect([status.code, status.stderr]).toEqual([0, ""]);
    expect(JSON.parse(status.stdout).streams).toHaveLength(STREAMS.length);
    expect(readdirSync(mount.seen)).toEqual(["kustomer.db"]);
  }, 60_000);
});

describe.concurrent("a file system that cannot share memory", () => {
  test("does without WAL: the sync is complete, and WAL comes back where it can", async () => {
    const db = newPath();
    // Where WAL has its shared memory nothing can be opened: what SQLite meets on such a file system.
    mkdirSync(`${db}-shm`);
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const { code, stderr } = await sync(db);
      expect([code, stderr]).toEqual([0, ""]);
      expect(rowsOf<{ journal_mode: string }>(db, "PRAGMA journal_mode")[0].journal_mode).toBe("delete");
    }
    rmdirSync(`${db}-shm`);
    await expectWhole(db);
    expect((await sync(db)).code).toBe(0);
    expect(rowsOf<{ journal_mode: string }>(db, "PRAGMA journal_mode")[0].journal_mode).toBe("wal");
    await expectWhole(db);
  }, 60_000);
});

describe.concurrent("a file that another program keeps locked", () => {
  for (const kind of ["IMMEDIATE", "EXCLUSIVE"]) {
    test(`from the beginning, ${kind}: 5, naming the file, which is as it was`, async () => {
      const db = copyOfWhole();
      const before = readBack(db);
      const other = new Database(db, { readwrite: true });
      other.run(`BEGIN ${kind}`);
      const { code, stderr } = await sync(db);
      other.run("ROLLBACK");
      other.close();
      expect([code, stderr]).toEqual([
        5,
        expect.stringContaining(`${db}: another program keeps the file locked`),
      ]);
      expect(stderr).toContain("close the program");
      expect(readBack(db)).toEqual(before);
    }, 60_000);
  }

  test("from the middle: 5, what was read stays, and the next run goes on", async () => {
    const db = newPath();
    let other: Database | null = null;
    await using front = relay(sandbox.url, (_, nth) => {
      if (nth === 12) {
        other = new Database(db, { readwrite: true });
        other.run("PRAGMA busy_timeout = 5000");
        other.run("BEGIN IMMEDIATE");
      }
      return null;
    });
    const { code, stderr } = await sync(db, front.env);
    expect([code, stderr]).toEqual([5, expect.stringContaining("another program keeps the file locked")]);
    other!.run("ROLLBACK");
    other!.close();
    expect(STREAMS.some(({ name }) => held(db, name).length > 0)).toBe(true);
    expect((await sync(db)).code).toBe(0);
    await expectWhole(db);
  }, 60_000);

  test("for a moment is waited for", async () => {
    const db = newPath();
    await using front = relay(sandbox.url, (_, nth) => {
      if (nth === 12) {
        const other = new Database(db, { readwrite: true });
        other.run("PRAGMA busy_timeout = 5000");
        other.run("BEGIN IMMEDIATE");
        setTimeout(() => other.close(), 1_000);
      }
      return null;
    });
    const { code, stderr } = await sync(db, front.env);
    expect([code, stderr]).toEqual([0, ""]);
    await expectWhole(db);
  }, 60_000);
});

describe.concurrent("a file that is not in its place any more", () => {
  const doings: Record<string, (db: string) => void> = {
    removed: (db) => rmSync(db),
    renamed: (db) => renameSync(db, `${db}.away`),
    replaced: (db) => {
      copyFileSync(whole, `${db}.other`);
      renameSync(`${db}.other`, db);
    },
  };
  for (const [name, doing] of Object.entries(doings)) {
    test(`${name} in mid-sync: 5, nothing is called done, and the next run is equal`, async () => {
      const db = newPath();
      await using front = relay(sandbox.url, (_, nth) => {
        if (nth === 12) doing(db);
        return null;
      });
      const { code, stderr } = await sync(db, front.env);
      expect([code, stderr]).toEqual([5, expect.stringContaining(`${db}: the file was removed or replaced`)]);
      if (name === "removed") expect(existsSync(db)).toBe(false);
      expect((await sync(db)).code).toBe(0);
      await expectWhole(db);
    }, 180_000);
  }
});

describe.concurrent("changed by hand,", () => {
  const mended: Record<string, string[]> = {
    "a column dropped": ["ALTER TABLE customers DROP COLUMN name"],
    "the time of the last change dropped": [
      "DROP INDEX _customers_updated",
      "ALTER TABLE customers DROP COLUMN updated_at",
    ],
    "what has no column dropped": ["ALTER TABLE customers DROP COLUMN _extra"],
    "the relationships dropped": ["ALTER TABLE messages DROP COLUMN relationships"],
    "a column renamed": ["ALTER TABLE customers RENAME COLUMN name TO full_name"],
    "a column of another type": [
      "ALTER TABLE customers DROP COLUMN name",
      "ALTER TABLE customers ADD COLUMN name INTEGER",
    ],
    "a column added": ["ALTER TABLE customers ADD COLUMN mine TEXT NOT NULL DEFAULT 'x'"],
    "a table dropped": ["DROP TABLE customers"],
    "a table renamed": ["ALTER TABLE customers RENAME TO clients"],
    "an index and a view added": [
      "CREATE INDEX mine ON messages (channel)",
      "CREATE VIEW recent AS SELECT * FROM messages",
    ],
    "the states dropped": ["DROP TABLE _sync_state"],
    "the record of columns dropped": ["DROP TABLE _sync_columns"],
    "the record of columns spoilt": ["UPDATE _sync_columns SET kind = 'nonsense'"],
  };
  for (const [name, statements] of Object.entries(mended)) {
    test(`${name}: the next sync brings back what went with it`, async () => {
      const db = copyOfWhole();
      byHand(db, ...statements);
      const { code, stderr } = await sync(db);
      expect([code, stderr]).toEqual([0, ""]);
      await expectWhole(db);
    }, 180_000);
  }

  const again = "DELETE FROM _sync_state";
  const refused: Record<string, [string[], RegExp]> = {
    "a view in the place of a table": [
      ["DROP TABLE tags", "CREATE VIEW tags AS SELECT 1 AS id"],
      /the table tags/,
    ],
    "a copy without its key": [
      ["CREATE TABLE copy AS SELECT * FROM tags", "DROP TABLE tags", "ALTER TABLE copy RENAME TO tags"],
      /the table tags/,
    ],
    "a constraint that rows break": [
      [again, "DELETE FROM messages", "CREATE UNIQUE INDEX mine ON messages (type)"],
      /UNIQUE constraint failed: messages\.type/,
    ],
    "a trigger that refuses rows": [
      [again, "CREATE TRIGGER t BEFORE INSERT ON notes BEGIN SELECT RAISE(ABORT, 'not by me'); END"],
      /not by me/,
    ],
    "states of another form": [
      ["ALTER TABLE _sync_state RENAME COLUMN synced_to TO x"],
      /no column named synced_to/,
    ],
    "runs of another form": [["ALTER TABLE _sync_runs DROP COLUMN org"], /no such column: org/],
    "a lock of another form": [["DROP TABLE _sync_lock", "CREATE TABLE _sync_lock (a)"], /heartbeat_at/],
  };
  for (const [name, [statements, says]] of Object.entries(refused)) {
    test(`${name}: 5, and what it was`, async () => {
      const db = copyOfWhole();
      byHand(db, ...statements);
      const { code, stderr } = await sync(db);
      expect([code, stderr]).toEqual([5, expect.stringMatching(says)]);
      expect(stderr).toContain("by hand");
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(integrity(db)).toBe("ok");
    }, 180_000);
  }

  for (const [name, statement] of [
    ["a table dropped", "DROP TABLE messages"],
    ["a column dropped", "ALTER TABLE messages DROP COLUMN channel"],
  ] as const) {
    test(`${name} in mid-sync: 5, and the next run is equal`, async () => {
      await using account = await startLocalSandbox({ rows: 8_000 });
      const db = newPath();
      let changed = false;
      await using front = relay(account.url, (_, nth) => {
        if (!changed && nth > 9 && held(db, "messages").length > 0) {
          changed = true;
          byHand(db, statement);
        }
        return null;
      });
      const { code, stderr } = await sync(db, front.env);
      expect([code, stderr]).toEqual([5, expect.stringContaining("changed by hand")]);
      expect((await sync(db, account.env)).code).toBe(0);
      expect(await account.differences(db)).toEqual({});
      const [{ n: blank }] = rowsOf<{ n: number }>(
        db,
        "SELECT count(*) AS n FROM messages WHERE channel IS NULL",
      );
      expect(blank).toBe(0);
    }, 180_000);
  }
});
