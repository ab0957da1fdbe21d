/** `verify` finds what the file lacks, holds in an older version or should not hold, and `--repair` mends it. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { STREAMS } from "../../src/streams/index.ts";
import { hash, rowsAt, startStandIn } from "../sync/stand-in.ts";
import {
  differences,
  type Ended,
  ended,
  held,
  KEY,
  lockByHand,
  PROGRAM,
  run,
  type SandboxProcess,
  start,
  startSandboxProcess,
  temporaryFolder,
} from "./program.ts";

const FREE = ["--rpm", "1000000", "--search-rpm", "1000000"];
const FAST = ["--search-rpm", "1000000", "--rate-share", "1"];
const folder = temporaryFolder();
afterAll(folder.remove);
let next = 0;
const newDb = () => join(folder.path, `db-${++next}.db`);

type Found = {
  stream: string;
  checked: number;
  missing: number;
  stale: number;
  extra: number | null;
  repaired: number;
  since_sync: number;
  error: { code: string; message: string; hint: string | null } | null;
  examples: Record<"missing" | "stale" | "extra", string[]>;
};

type Api = { env: Record<string, string> };

async function sync({ env }: Api, db: string, more: string[] = [], code = 0): Promise<Ended> {
  const result = await run(["sync", "--db", db, ...FAST, ...more], { cwd: folder.path, env });
  expect([result.code, result.stderr]).toEqual([code, expect.any(String)]);
  return result;
}

/** Verifies, expects an exit code, and returns what was found by stream. */
async function verify(
  { env }: Api,
  db: string,
  code: number,
  more: string[] = [],
): Promise<Record<string, Found>> {
  const ended = await run(["verify", "--json", "--db", db, ...FAST, ...more], { cwd: folder.path, env });
  expect([ended.code, ended.stderr]).toEqual([code, expect.any(String)]);
  const { streams } = JSON.parse(ended.stdout) as { streams: Found[] };
  return Object.fromEntries(streams.map((each) => [each.stream, each]));
}

/** Streams with a difference, as [missing, stale, extra, repaired]. */
function counts(found: Record<string, Found>): Record<string, (number | null)[]> {
  const all = Object.values(found).map(({ stream, missing, stale, extra, repaired }) => ({
    stream,
    each: [missing, stale, extra, repaired],
  }));
  return Object.fromEntries(
    all.filter(({ each }) => each.some((count) => count !== 0)).map(({ stream, each }) => [stream, each]),
  );
}

/** Changes a file by hand, and returns the ids that the last statement gives. */
function edit(db: string, ...statements: string[]): string[] {
  const file = new Database(db);
  let ids: string[] = [];
  for (const sql of statements)
    ids = file
      .query<{ id: string }, []>(sql)
      .all()
      .map(({ id }) => id);
  file.close();
  return ids.sort();
}

const bytes = (db: string) => Bun.hash(readFileSync(db));

describe("a file that was changed by hand", () => {
  let sandbox: SandboxProcess;
  const synced = newDb();
  beforeAll(async () => {
    sandbox = await startSandboxProcess(folder.path, ["--rows", "6000", ...FREE]);
    await sync(sandbox, synced);
  }, 60_000);
  afterAll(() => sandbox.stop());

  function copy(): string {
    const db = newDb();
    copyFileSync(synced, db);
    return db;
  }

  test("is equal before that: 0, and not a byte of it is written", async () => {
    const before = bytes(synced);
    const found = await verify(sandbox, synced, 0);
    expect(counts(found)).toEqual({});
    expect(Object.keys(found)).toHaveLength(STREAMS.length);
    for (const [stream, { checked, error }] of Object.entries(found)) {
      expect([stream, checked, error]).toEqual([stream, held(synced, stream).length, null]);
    }
    expect(bytes(synced)).toBe(before);
  }, 60_000);

  test("its missing, stale and invented rows are named, and repaired", async () => {
    const db = copy();
    const old = "'2024-11-01'";
    const missing = {
      messages: edit(db, "DELETE FROM messages WHERE id IN (SELECT id FROM messages LIMIT 7) RETURNING id"),
      // Rows that only the archive, or only the list of notes, still has.
      conversations: edit(
        db,
        `DELETE FROM conversations WHERE id IN (SELECT id FROM conversations WHERE updated_at < ${old} LIMIT 2) RETURNING id`,
      ),
      notes: edit(
        db,
        `DELETE FROM notes WHERE id IN (SELECT id FROM notes WHERE updated_at < ${old} LIMIT 3) RETURNING id`,
      ),
      users: edit(db, "DELETE FROM users WHERE _deleted_at IS NOT NULL RETURNING id"),
    };
    for (const ids of Object.values(missing)) expect(ids.length).toBeGreaterThan(0);
    const stale = {
      customers: edit(
        db,
        "UPDATE customers SET updated_at = '2020-01-01T00:00:00.000Z' WHERE id IN (SELECT id FROM customers LIMIT 4) RETURNING id",
      ),
      // Deleted here and live there, and the other way round.
      kobjects: edit(
        db,
        "UPDATE kobjects SET _deleted_at = '2026-01-01T00:00:00.000Z' WHERE id IN (SELECT id FROM kobjects WHERE _deleted_at IS NULL LIMIT 2) RETURNING id",
      ),
      tags: edit(db, "UPDATE tags SET _deleted_at = NULL WHERE _deleted_at IS NOT NULL RETURNING id"),
    };
    edit(
      db,
      "INSERT INTO messages (id, updated_at) VALUES ('invented', '2025-05-05T00:00:00.000Z'), ('older', '2020-05-05T00:00:00.000Z')",
      "INSERT INTO teams (id) VALUES ('invented')",
    );
    const before = bytes(db);
    const found = await verify(sandbox, db, 6);
    expect(bytes(db)).toBe(before);
    expect(counts(found)).toEqual({
      messages: [7, 0, 2, 0],
      conversations: [2, 0, 0, 0],
      notes: [3, 0, 0, 0],
      users: [missing.users.length, 0, 0, 0],
      customers: [0, 4, 0, 0],
      kobjects: [0, 2, 0, 0],
      tags: [0, stale.tags.length, 0, 0],
      teams: [0, 0, 1, 0],
    });
    for (const [stream, ids] of Object.entries(missing))
      expect(found[stream]!.examples.missing).toEqual(ids.slice(0, 10));
    for (const [stream, ids] of Object.entries(stale))
      expect(found[stream]!.examples.stale).toEqual(ids.slice(0, 10));
    expect(found.messages!.examples.extra).toEqual(["invented", "older"]);
    expect(found.messages!.since_sync).toBe(0);

    const repaired = await verify(sandbox, db, 0, ["--repair"]);
    for (const [stream, [m, s, e]] of Object.entries(counts(found))) {
      expect([stream, counts(repaired)[stream]]).toEqual([stream, [m!, s!, e!, m! + s! + e!]]);
    }
    expect(
      edit(
        db,
        "DELETE FROM messages WHERE id IN ('invented', 'older') AND _deleted_at > '2026' RETURNING id",
      ),
    ).toEqual(["invented", "older"]);
    expect(edit(db, "DELETE FROM teams WHERE id = 'invented' AND _deleted_at > '2026' RETURNING id")).toEqual(
      ["invented"],
    );
    expect(await differences(db, sandbox)).toEqual({});
    // Whole rows were written, not versions.
    const sql = "SELECT * FROM messages ORDER BY id";
    const rows = (path: string) => {
      const file = new Database(path, { readonly: true });
      const all = file.query<Record<string, unknown>, []>(sql).all();
      file.close();
      return all.map((row) => ({ ...row, _synced_at: null }));
    };
    expect(rows(db)).toEqual(rows(synced));
    expect(counts(await verify(sandbox, db, 0))).toEqual({});
  }, 120_000);

  test("tells people in a table and in words what to do", async () => {
    const db = copy();
    const [id] = edit(db, "DELETE FROM tags WHERE id IN (SELECT id FROM tags LIMIT 1) RETURNING id");
    const ended = await run(["verify", "tags", "--db", db], { cwd: folder.path, env: sandbox.env });
    expect(ended.code).toBe(6);
    const [head, line] = ended.stdout.split("\n");
    expect(head).toMatch(/^stream +compared +missing +stale +extra +repaired$/);
    expect(line).toMatch(/^tags +\d+ +1 +0 +0 +0$/);
    expect(ended.stderr).toContain(`tags: missing ${id}`);
    expect(ended.stderr).toContain("try: kustomer-sync verify --repair");
    const mended = await run(["verify", "--repair", "tags", "--db", db], {
      cwd: folder.path,
      env: sandbox.env,
    });
    expect([mended.code, mended.stderr]).toEqual([
      0,
      expect.stringContaining("1 row differed, and was repaired"),
    ]);
  }, 60_000);

  test("ends quietly when nobody reads any more", async () => {
    const quoted = PROGRAM.map((word) => `'${word}'`).join(" ");
    const script = `set -o pipefail; ${quoted} verify --db '${synced}' ${FAST.join(" ")} --quiet | head -1 > /dev/null; echo "\${PIPESTATUS[0]}"`;
    const shell = Bun.spawn(["bash", "-c", script], {
      cwd: folder.path,
      env: { PATH: process.env.PATH ?? "", ...sandbox.env },
      stdout: "pipe",
      stderr: "pipe",
    });
    expect([await new Response(shell.stdout).text(), await new Response(shell.stderr).text()]).toEqual([
      "0\n",
      "",
    ]);
  }, 60_000);

  test("may be held by a sync while it is compared, but not while it is repaired: 5", async () => {
    const db = copy();
    lockByHand(db);
    expect(counts(await verify(sandbox, db, 0, ["tags"]))).toEqual({});
    const refused = await run(["verify", "--repair", "tags", "--db", db], {
      cwd: folder.path,
      env: sandbox.env,
    });
    expect([refused.code, refused.stderr]).toEqual([
      5,
      expect.stringContaining("another sync holds the file"),
    ]);
  }, 60_000);

  test("is not compared with another account: 5", async () => {
    const db = copy();
    edit(db, "UPDATE _sync_runs SET org = 'somebody else'");
    for (const more of [[], ["--repair"]]) {
      const args = ["verify", ...more, "--db", db];
      const ended = await run(args, { cwd: folder.path, env: sandbox.env });
      expect([ended.code, ended.stderr]).toEqual([5, expect.stringContaining("account somebody else")]);
    }
    expect(held(db, "tags")).toEqual(held(synced, "tags"));
  }, 60_000);

  test("and synced from a start date, or not at all, lacks nothing for that", async () => {
    const db = newDb();
    const start = "2026-03-01";
    await sync(sandbox, db, ["messages", "customers", "tags", "--start-date", start]);
    const found = await verify(sandbox, db, 0);
    expect(counts(found)).toEqual({});
    expect(Object.keys(found).sort()).toEqual(["customers", "messages", "tags"]);
    expect(found.messages!.checked).toBeLessThan(held(synced, "messages").length);
    // What is asked for by name, or from an earlier date, is compared all the same.
    const named = await verify(sandbox, db, 6, ["teams"]);
    expect(named.teams!.missing).toBe(held(synced, "teams").length);
    const earlier = await verify(sandbox, db, 6, ["messages", "--start-date", "2026-02-01"]);
    expect(earlier.messages!.missing).toBeGreaterThan(0);
    const later = await verify(sandbox, db, 0, ["messages", "--start-date", "2026-11-01"]);
    expect(later.messages!.checked).toBeLessThan(found.messages!.checked);
  }, 60_000);

  test("that holds nothing yet is not called equal: 5", async () => {
    const db = newDb();
    const options = { cwd: folder.path, env: sandbox.env };
    await sync(sandbox, db, ["tags"]);
    expect((await run(["reset", "tags", "--drop", "--yes", "--db", db], options)).code).toBe(0);
    const ended = await run(["verify", "--db", db, "--json"], options);
    expect([ended.code, ended.stderr]).toEqual([5, expect.stringContaining("nothing was synced")]);
  }, 60_000);
});

describe("rows that were purged", () => {
  test("are found and marked deleted, keep their data, and stay so", async () => {
    const sandbox = await startSandboxProcess(folder.path, ["--rows", "4000", ...FREE]);
    try {
      const db = newDb();
      await sync(sandbox, db);
      const before = Object.fromEntries(["messages", "notes", "users"].map((name) => [name, held(db, name)]));
      const purged: Record<string, string[]> = {};
      for (const [stream, count] of Object.entries({
        messages: 12,
        notes: 3,
        conversations: 2,
        tags: 2,
        users: 1,
      })) {
        purged[stream] = (await sandbox.purge(stream, count)).sort();
      }
      // A sync that does not count cannot know, but for lists.
      await sync(sandbox, db, ["--no-audit"]);
      const found = await verify(sandbox, db, 6);
      expect(counts(found)).toEqual({
        messages: [0, 0, 12, 0],
        notes: [0, 0, 3, 0],
        conversations: [0, 0, 2, 0],
      });
      for (const name of ["messages", "notes", "conversations"]) {
        expect([name, found[name]!.examples.extra]).toEqual([name, purged[name]!.slice(0, 10)]);
      }
      await verify(sandbox, db, 0, ["--repair"]);
      await sync(sandbox, db);
      for (const [name, rows] of Object.entries(before)) {
        const gone = new Set(purged[name]);
        const expected = rows.map((row) => (gone.has(row.id) ? { ...row, deleted: true } : row));
        expect([name, held(db, name)]).toEqual([name, expected]);
      }
      expect(counts(await verify(sandbox, db, 0))).toEqual({});
    } finally {
      await sandbox.stop();
    }
  }, 120_000);

  test("are not marked when they are over a third of a stream, but with --force", async () => {
    const sandbox = await startSandboxProcess(folder.path, ["--rows", "1500", ...FREE]);
    try {
      const db = newDb();
      await sync(sandbox, db);
      const deleted = (stream: string) => held(db, stream).filter((row) => row.deleted).length;
      const live = (stream: string) => held(db, stream).length - deleted(stream);
      const before = { kobjects: deleted("kobjects"), shortcuts: deleted("shortcuts") };
      const gone = {
        kobjects: Math.ceil(live("kobjects") / 2),
        shortcuts: Math.ceil(live("shortcuts") / 2),
      };
      expect(Math.min(gone.kobjects, gone.shortcuts)).toBeGreaterThan(10);
      for (const [stream, count] of Object.entries(gone)) await sandbox.purge(stream, count);
      edit(
        db,
        "DELETE FROM kobjects WHERE id IN (SELECT id FROM kobjects WHERE _deleted_at IS NOT NULL LIMIT 1)",
      );

      const refused = await verify(sandbox, db, 6, ["--repair"]);
      for (const stream of ["kobjects", "shortcuts"] as const) {
        expect(refused[stream]).toMatchObject({ extra: gone[stream], error: { code: "sweep-refused" } });
        expect(refused[stream]!.error!.hint).toContain("--force");
        expect([stream, deleted(stream)]).toEqual([stream, before[stream]]);
      }
      // The rest of the repair is done.
      expect(refused.kobjects!.repaired).toBe(refused.kobjects!.missing);

      const listed = await sync(sandbox, db, ["shortcuts"], 6);
      expect(listed.stderr).toContain("--force");
      await sync(sandbox, db, ["shortcuts", "--force"]);
      expect(deleted("shortcuts")).toBe(before.shortcuts + gone.shortcuts);

      const forced = await verify(sandbox, db, 0, ["--repair", "--force"]);
      expect(counts(forced)).toEqual({ kobjects: [0, 0, gone.kobjects, gone.kobjects] });
      expect(deleted("kobjects")).toBe(before.kobjects + gone.kobjects);
    } finally {
      await sandbox.stop();
    }
  }, 120_000);
});

describe("an account that does not stand still", () => {
  test("has no false differences, though rows move all through a long reading", async () => {
    let ahead = 0;
    let churn = 0;
    const asked: string[] = [];
    const sandbox = await startSandbox({
      ...{ rows: 6_000, rpm: 1_000_000, searchRpm: 1_000_000, now: () => Date.now() + ahead },
      // A request takes five seconds of the server's time, in which rows of all streams change.
      logRequests: ({ path }) => {
        asked.push(path);
        if (churn === 0) return;
        ahead += 5_000;
        sandbox.change(churn);
      },
    });
    const api = { env: { KUSTOMER_API_KEY: KEY, KUSTOMER_API_URL: sandbox.url } };
    try {
      const db = newDb();
      await sync(api, db);
      const purged = sandbox.purge("messages", 5);
      churn = 40;
      const began = asked.length;
      const found = await verify(api, db, 6);
      expect(counts(found)).toEqual({ messages: [0, 0, 5, 0] });
      expect(found.messages!.examples.extra).toEqual(purged.sort());
      // Long enough for the engine to leave news unread, and for a row to move behind its back.
      expect((asked.length - began) * 5).toBeGreaterThan(120);
      await verify(api, db, 0, ["--repair"]);
      churn = 0;
      await sync(api, db);
      const truth = [...sandbox.truth("messages")].map(({ id, updatedAt, deleted }) => ({
        id,
        updatedAt,
        deleted,
      }));
      const gone = new Set(purged);
      const sorted = truth.sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(held(db, "messages").filter(({ id }) => !gone.has(id))).toEqual(sorted);
      expect(counts(await verify(api, db, 0))).toEqual({});
    } finally {
      await sandbox.stop();
    }
  }, 120_000);

  test("and changed after the last sync differs, which is told apart and repaired", async () => {
    const sandbox = await startSandboxProcess(folder.path, ["--rows", "1500", ...FREE]);
    try {
      const db = newDb();
      await sync(sandbox, db);
      await sandbox.change(60);
      // What changes within the second in which a comparison begins is news to it.
      const changed = Date.now();
      while (Math.floor(Date.now() / 1_000) === Math.floor(changed / 1_000)) await sandbox.stats();
      const found = Object.values(await verify(sandbox, db, 6));
      const sum = (pick: (each: Found) => number) => found.reduce((total, each) => total + pick(each), 0);
      expect(sum(({ missing, stale }) => missing + stale)).toBeGreaterThan(30);
      expect(sum(({ since_sync }) => since_sync)).toBe(sum(({ missing, stale }) => missing + stale));
      await verify(sandbox, db, 0, ["--repair"]);
      expect(await differences(db, sandbox)).toEqual({});
    } finally {
      await sandbox.stop();
    }
  }, 60_000);
});

describe("what cannot be read to its end", () => {
  test("for want of a role is told, and the other streams are compared: 6", async () => {
    const sandbox = await startSandboxProcess(folder.path, [
      "--rows",
      "1000",
      "--without-role",
      "notes",
      ...FREE,
    ]);
    try {
      const db = newDb();
      await sync(sandbox, db, [], 6);
      const found = await verify(sandbox, db, 6, ["notes", "messages", "tags"]);
      expect(found.notes).toMatchObject({ checked: 0, missing: 0, extra: null, error: { code: "role" } });
      expect(found.messages).toMatchObject({ extra: 0, error: null });
      expect(counts(await verify(sandbox, db, 0, ["--skip", "notes"]))).toEqual({});
    } finally {
      await sandbox.stop();
    }
  }, 60_000);

  test("is not searched for purged rows: the archive may have what the search has not", async () => {
    const standIn = startStandIn({ archiveStatus: 403 });
    const env = { KUSTOMER_API_KEY: KEY, KUSTOMER_API_URL: standIn.url };
    const recent = Date.now() - 30 * 86_400_000;
    standIn.rows.set(
      "conversation",
      rowsAt(
        "conversation",
        Array.from({ length: 30 }, (_, nth) => recent + nth),
      ),
    );
    try {
      const db = newDb();
      await sync({ env }, db, ["conversations"], 6);
      const [gone, ...others] = standIn.rows.get("conversation")!;
      standIn.rows.set("conversation", [...others, { ...gone!, id: hash("new") }]);
      const found = await verify({ env }, db, 6, ["conversations", "--repair"]);
      expect(found.conversations).toMatchObject({ missing: 1, repaired: 1, extra: null });
      expect(found.conversations!.error!.message).toContain("over two years ago");
      expect(held(db, "conversations").every(({ deleted }) => !deleted)).toBe(true);
    } finally {
      standIn.stop();
    }
  }, 60_000);

  test("because it was interrupted is told: 130, and what was compared is shown", async () => {
    let searches = 0;
    let child: ReturnType<typeof start> | null = null;
    const sandbox = await startSandbox({
      ...{ rows: 3_000, rpm: 1_000_000, searchRpm: 1_000_000 },
      logRequests: ({ path }) => {
        if (child === null || !path.includes("search")) return;
        searches += 1;
        if (searches === 1) child.kill("SIGINT");
      },
    });
    try {
      const env = { KUSTOMER_API_KEY: KEY, KUSTOMER_API_URL: sandbox.url };
      const db = newDb();
      await sync({ env }, db);
      const args = ["verify", "--json", "--db", db, ...FAST, "--concurrency", "1"];
      child = start(args, { cwd: folder.path, env });
      const { code, stdout, stderr } = await ended(child);
      expect([code, stderr]).toEqual([130, expect.stringContaining("begins anew")]);
      expect(stderr.replaceAll(/\n {4}/g, " ")).toMatch(
        /^stopped by Ctrl-C\n {2}not compared to the end: conversations, .* and \w+\n {2}try: /m,
      );
      expect(stderr).not.toContain("error");
      const { streams } = JSON.parse(stdout) as { streams: Found[] };
      const interrupted = streams.filter(({ error }) => error?.code === "interrupted");
      expect(interrupted).toHaveLength(STREAMS.length);
      expect(streams.map(({ extra }) => extra)).toEqual(STREAMS.map(() => null));
    } finally {
      await sandbox.stop();
    }
  }, 60_000);
});
