/** One process at a time writes a file, the dead give way, and who lost the lock writes nothing. */
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Pace } from "../../src/lib/lease.ts";
import { markSelf } from "../../src/lib/process.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { canUnshare, ended, unshared } from "../lib/namespace.ts";
import { folder, put, resource } from "./fixture.ts";

const STORE = join(import.meta.dir, "../../src/store/store.ts");

/** A holder whose sign does not come is waited for as good as for ever, or hardly at all. */
const PATIENT: Pace = { beatMs: 20, silenceMs: 1e9, lookMs: 5 };
const BRIEF: Pace = { beatMs: 20, silenceMs: 100, lookMs: 5 };

let here: ReturnType<typeof folder>;
let store: Store;
let stores: Store[];
let others: { kill: (signal: "SIGKILL") => void; exited: Promise<number> }[];
beforeEach(() => {
  here = folder();
  stores = [];
  store = open();
  others = [];
});
afterEach(async () => {
  jest.useRealTimers();
  for (const other of others) other.kill("SIGKILL");
  await Promise.all(others.map(({ exited }) => exited));
  for (const each of stores) each.close();
  here.remove();
});

function open(pace: Pace = PATIENT): Store {
  const opened = openStore(here.db, { mode: "create", pace });
  stores.push(opened);
  return opened;
}

/** Another process that holds the lock until it is killed, or told to go on by a line. */
async function holder({ next = "", prefix = [] as readonly string[] } = {}) {
  const script = `
    import { openStore } from ${JSON.stringify(STORE)};
    import { findStream } from ${JSON.stringify(STORE.replace("store/store.ts", "streams/index.ts"))};
    const store = openStore(${JSON.stringify(here.db)}, { mode: "write", pace: ${JSON.stringify(PATIENT)} });
    await store.lock.acquire("load");
    console.log("held " + process.pid);
    for await (const _ of console) { ${next}; break; }`;
  const other = Bun.spawn([...prefix, process.execPath, "-e", script], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  others.push(other);
  const reader = other.stdout.getReader();
  const line = async () => new TextDecoder().decode((await reader.read()).value).trim();
  const [, pid] = (await line()).split(" ");
  return { other, rest: line, pid: Number(pid), kill: () => ended(other, reader) };
}

function byHand(sql: string, ...values: (string | number | null)[]): void {
  const file = new Database(here.db, { strict: true });
  file.query(sql).run(...values);
  file.close();
}

/** A lock that somebody left in the file. */
function leave(more: Record<string, string | number | null> = {}): void {
  const now = new Date().toISOString();
  const row = {
    token: "left",
    host: hostname(),
    command: "sync",
    started_at: now,
    heartbeat_at: now,
    beats: 1,
  };
  const all = { only_row: 1, ...markSelf(), ...row, ...more };
  const names = Object.keys(all);
  byHand(
    `INSERT OR REPLACE INTO _sync_lock (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
    ...Object.values(all),
  );
}

function lockRow(): Record<string, unknown> | undefined {
  return store.query("SELECT * FROM _sync_lock")[0];
}

/** Gives the holder a sign of life as soon as it is watched. */
const beatOnce = () => byHand("UPDATE _sync_lock SET beats = coalesce(beats, 0) + 1");

const BUSY = expect.objectContaining({ code: "store-busy" });

describe("a second process", () => {
  test("is refused at once, told who holds the file and what to do, and writes nothing", async () => {
    const { other } = await holder();
    const error = await store.lock.acquire("sync").catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "store-busy", at: here.db });
    expect((error as { hint: string }).hint).toMatch(
      /again .*; if it never will, kustomer-sync sync --take-over/,
    );
    const words = `another load holds the file: process ${other.pid} on ${hostname()}, since 2`;
    expect((error as Error).message).toStartWith(words);
    expect((error as Error).message).toMatch(/last seen \d+m?s ago$/);
    expect(lockRow()).toMatchObject({ pid: other.pid, command: "load" });
  });

  test("takes over at once from one that was killed", async () => {
    const { other } = await holder();
    other.kill("SIGKILL");
    await other.exited;
    expect(lockRow()).toMatchObject({ pid: other.pid });
    await store.lock.acquire("sync");
    expect(lockRow()).toMatchObject({ pid: process.pid, command: "sync" });
  });

  test("of the same process is refused too, until the first gives it back", async () => {
    await store.lock.acquire("sync");
    const second = open();
    await expect(second.lock.acquire("sync")).rejects.toEqual(BUSY);
    store.lock.release();
    await second.lock.acquire("sync");
  });

  test("may take it over, and the first, when it wakes, writes nothing", async () => {
    const { other, rest } = await holder({
      next: `
      try {
        const rows = [{ id: "late", attributes: { novel: 1 } }];
        const state = { state: 1, syncedTo: null, complete: true, start: null, counted: null };
        store.commit({ stream: findStream("tags"), rows, state, now: 0 });
        console.log("written");
      } catch (error) { console.log(error.code); }
      store.close();`,
    });
    await store.lock.acquire("sync", { takeOver: true });
    other.stdin.write("go on\n");
    other.stdin.end();
    expect(await rest()).toBe("store-busy");
    await other.exited;
    expect(store.query("SELECT * FROM tags")).toEqual([]);
    expect(store.query("SELECT * FROM _sync_state")).toEqual([]);
    // Nor does it give back, when it closes, what is no longer its own.
    expect(lockRow()).toMatchObject({ pid: process.pid });
    expect(put(store, "tags", [resource("ours")]).written).toBe(1);
  });
});

describe("a lock whose holder is known to be gone is taken at once:", () => {
  test.each<[string, () => Record<string, string | number | null>]>([
    ["its process ended", () => ({ pid: Bun.spawnSync(["true"]).pid })],
    ["its number was given to another process", () => ({ pid: process.ppid, began: "1" })],
    ["it had our number, as in a container that was restarted", () => ({ began: "1" })],
    ["it was this process, that forgot it", () => ({})],
  ])("%s", async (_, more) => {
    leave(more());
    await store.lock.acquire("sync");
    expect(lockRow()).toMatchObject({ pid: process.pid, command: "sync" });
    expect(lockRow()?.token).not.toBe("left");
  });
});

describe("a lock whose holder cannot be asked, because", () => {
  const FUTURE = "2099-01-01T00:00:00.000Z";
  const unknown: [string, Record<string, string | number | null>][] = [
    ["it is in another container", { place: "the same boot, another namespace", pid: process.pid }],
    ["it is on another host", { place: "elsewhere", host: "elsewhere" }],
    [
      "it is on another host of the same name, where its number is not taken",
      { place: "elsewhere", pid: 4_000_000 },
    ],
    ["its clock goes before ours", { place: "elsewhere", heartbeat_at: FUTURE, started_at: FUTURE }],
    ["its clock goes after ours", { place: "elsewhere", heartbeat_at: "2001-01-01T00:00:00.000Z" }],
    ["its heartbeat is no time", { place: "elsewhere", heartbeat_at: "?" }],
    ["an older program of ours does not say where it runs", { place: null, began: null, beats: null }],
  ];

  test.each(unknown)("%s, is respected when a sign of life comes", async (_, more) => {
    leave({ pid: 1, ...more });
    const watched: string[] = [];
    const acquiring = store.lock.acquire("sync", {
      onWatch: (words) => {
        watched.push(words);
        beatOnce();
      },
    });
    await expect(acquiring).rejects.toEqual(BUSY);
    expect([watched.length, lockRow()?.token]).toEqual([1, "left"]);
  });

  test.each(unknown)("%s, is taken when none comes", async (_, more) => {
    leave({ pid: 1, ...more });
    const late = open(BRIEF);
    await late.lock.acquire("sync");
    expect(lockRow()).toMatchObject({ pid: process.pid, command: "sync" });
  });

  test("it is in another container, is waited for until Ctrl-C", async () => {
    leave({ place: "elsewhere" });
    const controller = new AbortController();
    const reason = new Error("stopped");
    const onWatch = () => controller.abort(reason);
    const acquiring = store.lock.acquire("sync", { signal: controller.signal, onWatch });
    await expect(acquiring).rejects.toBe(reason);
    expect(lockRow()?.token).toBe("left");
  });

  test("it is in another container, is not waited for with --take-over", async () => {
    leave({ place: "elsewhere" });
    await store.lock.acquire("sync", { takeOver: true });
    expect(lockRow()).toMatchObject({ command: "sync" });
  });

  test("it was given back while it was watched, is taken", async () => {
    leave({ place: "elsewhere" });
    await store.lock.acquire("sync", { onWatch: () => byHand("DELETE FROM _sync_lock") });
    expect(lockRow()).toMatchObject({ command: "sync" });
  });
});

describe.skipIf(!canUnshare)("in two containers, each its own first process, with one host name,", () => {
  test("the second is refused while the first lives, and takes over when it was killed", async () => {
    const first = await holder({ prefix: unshared() });
    expect([first.pid, lockRow()?.pid, lockRow()?.host]).toEqual([1, 1, hostname()]);
    const asking = `
      import { openStore } from ${JSON.stringify(STORE)};
      const pace = { ...${JSON.stringify(PATIENT)}, silenceMs: Number(process.argv.at(-1)) };
      const store = openStore(${JSON.stringify(here.db)}, { mode: "write", pace });
      await store.lock.acquire("sync").then(() => console.log("took it, as", process.pid), ({ code }) => console.log(code));
      store.close();`;
    const ask = (silenceMs: number) =>
      Bun.spawnSync([...unshared(), process.execPath, "-e", asking, String(silenceMs)])
        .stdout.toString()
        .trim();
    expect(ask(1e9)).toBe("store-busy");
    await first.kill();
    expect(ask(100)).toBe("took it, as 1");
  });
});

describe("the heartbeat", () => {
  const OLD = "2020-01-01T00:00:00.000Z";

  test("comes with every commit", async () => {
    await store.lock.acquire("sync");
    byHand("UPDATE _sync_lock SET heartbeat_at = ?", OLD);
    put(store, "tags", []);
    expect(lockRow()?.heartbeat_at).not.toBe(OLD);
  });

  test("comes between commits too, and a file that cannot be written then does not end the process", async () => {
    jest.useFakeTimers();
    const usual = openStore(here.db, { mode: "write" });
    stores.push(usual);
    await usual.lock.acquire("sync");
    byHand("UPDATE _sync_lock SET heartbeat_at = ?", OLD);
    jest.advanceTimersByTime(5_000);
    expect(lockRow()?.heartbeat_at).not.toBe(OLD);
    byHand("DROP TABLE _sync_lock");
    jest.advanceTimersByTime(5_000);
  });

  test("moves the sign though the clock stands still", async () => {
    jest.useFakeTimers();
    const usual = openStore(here.db, { mode: "write" });
    stores.push(usual);
    await usual.lock.acquire("sync");
    const before = lockRow();
    jest.setSystemTime(Date.parse(before!.heartbeat_at as string) - 5_000);
    jest.advanceTimersByTime(5_000);
    expect(lockRow()?.beats).not.toBe(before!.beats);
  });
});

test("a lock that is lost keeps its holder from writing, and what it wrote before stays", async () => {
  await store.lock.acquire("sync");
  put(store, "tags", [resource("before")]);
  leave({ token: "another" });
  expect(() => put(store, "tags", [resource("after")])).toThrow(BUSY);
  expect(store.query("SELECT id FROM tags")).toEqual([{ id: "before" }]);
});

test("a file that an earlier version of this program made gets what its lock lacks", async () => {
  store.close();
  byHand("DROP TABLE _sync_lock");
  byHand(
    `CREATE TABLE _sync_lock (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), token TEXT NOT NULL, pid INTEGER NOT NULL,
     host TEXT NOT NULL, command TEXT NOT NULL, started_at TEXT NOT NULL, heartbeat_at TEXT NOT NULL) STRICT`,
  );
  store = open();
  await store.lock.acquire("sync");
  expect(lockRow()).toMatchObject(markSelf());
});

test("is free when it was given back, and a file without rows of it commits without", async () => {
  await store.lock.acquire("sync");
  store.close();
  store = open();
  expect(lockRow()).toBeUndefined();
  expect(put(store, "tags", [resource("a")]).written).toBe(1);
});
