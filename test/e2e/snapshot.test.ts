/** `snapshot`, by the real program: while a sync writes, killed, on a full disk, and what it prints. */
import { constants, Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { STREAMS } from "../../src/streams/index.ts";
import { canMount, mountMemory } from "./mount.ts";
import {
  ended,
  held,
  run,
  type SandboxProcess,
  start,
  startSandboxProcess,
  temporaryFolder,
} from "./program.ts";

const folder = temporaryFolder();
const whole = join(folder.path, "whole.db");
const UNLIMITED = ["--rpm", "100000000", "--search-rpm", "100000000"];
let sandbox: SandboxProcess;

beforeAll(async () => {
  sandbox = await startSandboxProcess(folder.path, ["--rows", "12000", ...UNLIMITED]);
  const { code } = await run(["sync", "--quiet", "--db", whole, ...UNLIMITED], options());
  expect(code).toBe(0);
}, 60_000);
afterAll(async () => {
  await sandbox.stop();
  folder.remove();
});

const options = () => ({ cwd: folder.path, env: sandbox.env });
const parts = (path = folder.path) => readdirSync(path).filter((name) => name.includes("snapshot-part"));

type Row = { id: string; at: string };

/** A stream's rows, and when each was last written. */
function writtenRows(db: string, stream: string): Row[] {
  const file = new Database(db, { readonly: true });
  const rows = file.query<Row, []>(`SELECT id, _synced_at AS at FROM "${stream}"`).all();
  file.close();
  return rows;
}

function clockOf(db: string): string {
  const file = new Database(db, { readonly: true });
  const { at } = file.query<{ at: string }, []>("SELECT at FROM _sync_clock").get()!;
  file.close();
  return at;
}

test("while syncs run one after the other against an account that changes, each copy is of one moment", async () => {
  const db = join(folder.path, "busy.db");
  await sandbox.churn(200);
  const args = ["sync", "--quiet", "--db", db, "--concurrency", "2", ...UNLIMITED];
  let syncing = start(args, options());
  let over = false;
  const syncs = (async () => {
    for (let count = 0; ; count += 1) {
      const { code, stderr } = await ended(syncing);
      expect([code, stderr]).toEqual([0, ""]);
      if (over) return count;
      syncing = start(args, options());
    }
  })();
  while (!existsSync(db) || statSync(db).size === 0) await Bun.sleep(1);
  const copies: string[] = [];
  while (copies.length < 8) {
    const copy = join(folder.path, `moment-${copies.length}.db`);
    const { code, stderr } = await run(["snapshot", copy, "--quiet", "--db", db], options());
    expect([code, stderr]).toEqual([0, ""]);
    copies.push(copy);
  }
  over = true;
  await syncs;
  await sandbox.churn(0);
  for (const copy of copies) {
    const clock = clockOf(copy);
    let latest = "1970-01-01T00:00:00.000Z";
    for (const { name } of STREAMS) {
      const rows = writtenRows(copy, name);
      for (const { at } of rows) latest = at > latest ? at : latest;
      // What the file has from that moment or before, in whichever stream, the copy has too.
      const ids = new Set(rows.map(({ id }) => id));
      const lacking = writtenRows(db, name).filter(({ id, at }) => at <= clock && !ids.has(id));
      expect([name, lacking]).toEqual([name, []]);
    }
    // The clock is set in the very transaction that writes rows: a later row would be of another moment.
    expect(latest).toBe(clock);
  }
  const sizes = copies.map((copy) => STREAMS.reduce((sum, { name }) => sum + held(copy, name).length, 0));
  expect(new Set(copies.map(clockOf)).size).toBeGreaterThan(1);
  expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
}, 120_000);

test("a sync goes on with a copy from its middle, and ends equal to the account", async () => {
  const db = join(folder.path, "first.db");
  const copy = join(folder.path, "middle.db");
  const syncing = start(["sync", "--quiet", "--db", db, "--concurrency", "1", ...UNLIMITED], options());
  while (!existsSync(db) || statSync(db).size === 0) await Bun.sleep(1);
  expect((await run(["snapshot", copy, "--quiet", "--db", db], options())).code).toBe(0);
  expect((await ended(syncing)).code).toBe(0);
  const next = await run(["sync", "--quiet", "--db", copy, ...UNLIMITED], options());
  expect([next.code, next.stderr]).toEqual([0, ""]);
  for (const { name } of STREAMS) expect(held(copy, name)).toEqual(held(db, name));
}, 60_000);

describe("a copy that is", () => {
  for (const name of ["SIGKILL", "SIGINT", "SIGTERM"] as const) {
    test(`ended by ${name} has no final name, and what it left goes with the next`, async () => {
      const copy = join(folder.path, `${name}.db`);
      const mine = () => parts().filter((part) => part.startsWith(name));
      for (let attempt = 0; attempt < 5; attempt += 1) {
        const child = start(["snapshot", copy, "--db", whole], options());
        // Killed at once, when the part is there, and when it has grown.
        const least = attempt * 2_000_000;
        while (attempt > 0 && child.exitCode === null && !existsSync(copy)) {
          if (mine().some((part) => sizeOf(join(folder.path, part)) >= least)) break;
          await Bun.sleep(0);
        }
        child.kill(name);
        await child.exited;
        if (!existsSync(copy)) continue;
        // It was faster; then it is whole.
        expect(held(copy, "messages")).toEqual(held(whole, "messages"));
        rmSync(copy);
      }
      expect((await run(["snapshot", copy, "--quiet", "--db", whole], options())).code).toBe(0);
      expect(held(copy, "messages")).toEqual(held(whole, "messages"));
      expect(mine()).toEqual([]);
    }, 60_000);
  }
});

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

describe.skipIf(!canMount)("a disk that is", () => {
  test("full: 5, how much is needed and free, and no half copy; with room it works", async () => {
    await using mount = await mountMemory(join(folder.path, "full"), "3m");
    const copy = join(mount.path, "copy.db");
    const { code, stderr, stdout } = await mount.run(["snapshot", copy, "--db", whole, "--json"], {});
    expect([code, stderr]).toEqual([5, expect.stringContaining(`${copy}: the disk is full`)]);
    expect(stderr).toMatch(/the copy needs up to [\d.]+ MB, and 3\.1 MB are free/);
    expect(JSON.parse(stdout).error).toMatchObject({ code: "disk-full" });
    expect(readdirSync(mount.seen)).toEqual([]);
    await mount.remount("size=200m");
    expect((await mount.run(["snapshot", copy, "--db", whole], {})).code).toBe(0);
    expect(readdirSync(mount.seen)).toEqual(["copy.db"]);
  }, 60_000);

  test("full, and holds a copy already: that one stays", async () => {
    await using mount = await mountMemory(join(folder.path, "holds"), "200m");
    const copy = join(mount.path, "copy.db");
    expect((await mount.run(["snapshot", copy, "--db", whole], {})).code).toBe(0);
    const size = statSync(join(mount.seen, "copy.db")).size;
    await mount.remount(`size=${size + 2_000_000}`);
    const again = await mount.run(["snapshot", copy, "--overwrite", "--db", whole], {});
    expect(again.code).toBe(5);
    expect(readdirSync(mount.seen)).toEqual(["copy.db"]);
    copyFileSync(join(mount.seen, "copy.db"), join(folder.path, "held.db"));
    expect(held(join(folder.path, "held.db"), "messages")).toEqual(held(whole, "messages"));
  }, 60_000);

  test("read-only: 5, in words", async () => {
    await using mount = await mountMemory(join(folder.path, "sealed"), "1m");
    await mount.remount("ro");
    const copy = join(mount.path, "copy.db");
    const { code, stderr } = await mount.run(["snapshot", copy, "--db", whole], {});
    expect([code, stderr]).toEqual([
      5,
      expect.stringContaining(`${copy}: it is on a file system that is read-only`),
    ]);
    expect(stderr).toContain("give another PATH");
  }, 60_000);
});

describe("what it prints", () => {
  test("--json: one object with path, bytes, sha256, moment and the rows of each stream", async () => {
    const { code, stdout, stderr } = await run(["snapshot", "j.db", "--json", "--db", whole], options());
    expect([code, stdout.trimEnd().split("\n").length]).toEqual([0, 1]);
    const { path, db, bytes, sha256, moment, streams } = JSON.parse(stdout);
    expect({ path, db, bytes }).toEqual({
      path: "j.db",
      db: whole,
      bytes: statSync(join(folder.path, "j.db")).size,
    });
    expect([sha256, moment]).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}$/),
      expect.stringMatching(/^2.*Z$/),
    ]);
    for (const { stream, rows, deleted, complete } of streams)
      expect([stream, rows + deleted, complete]).toEqual([stream, held(whole, stream).length, true]);
    expect(stderr).toContain("j.db:");
  });

  test("else a table, and the rest on stderr; the copy opens as one that nobody writes, with nothing beside it", async () => {
    const { code, stdout } = await run(["snapshot", "t.db", "--db", whole], options());
    expect([code, stdout.split("\n")[0]]).toEqual([
      0,
      expect.stringMatching(/^stream +live rows +deleted +synced to +complete$/),
    ]);
    expect(stdout.trimEnd().split("\n")).toHaveLength(1 + STREAMS.length);
    const url = `file://${join(folder.path, "t.db")}?mode=ro&immutable=1`;
    const sealed = new Database(url, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI);
    expect(sealed.query("SELECT count(*) AS n FROM messages").get()).toEqual({
      n: held(whole, "messages").length,
    });
    sealed.close();
    expect(readdirSync(folder.path).filter((name) => name.startsWith("t.db"))).toEqual(["t.db"]);
  });

  test("a name that is taken: 2, and --overwrite", async () => {
    const taken = await run(["snapshot", "o.db", "--db", whole], options());
    expect(taken.code).toBe(0);
    const again = await run(["snapshot", "o.db", "--db", whole], options());
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("--overwrite")]);
    expect((await run(["snapshot", "o.db", "--overwrite", "--db", whole], options())).code).toBe(0);
    const stdout = await run(["snapshot", "-", "--db", whole], options());
    expect([stdout.code, existsSync(join(folder.path, "-"))]).toEqual([2, false]);
    expect((await run(["snapshot", "--db", whole], options())).code).toBe(2);
  });
});
