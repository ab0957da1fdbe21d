/** One process at a time writes a file, the dead give way at once, and who lost the lock writes nothing. */
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { hostname } from "node:os";
import { join } from "node:path";
import { openStore, type Store } from "../../src/store/store.ts";
import { folder, put, resource } from "./fixture.ts";

const STORE = join(import.meta.dir, "../../src/store/store.ts");

let here: ReturnType<typeof folder>;
let store: Store;
let others: { kill: (signal: "SIGKILL") => void; exited: Promise<number> }[];
beforeEach(() => {
  here = folder();
  store = openStore(here.db, { mode: "create" });
  others = [];
});
afterEach(async () => {
  jest.useRealTimers();
  for (const other of others) other.kill("SIGKILL");
  await Promise.all(others.map(({ exited }) => exited));
  store.close();
  here.remove();
});

/** Another process that holds the lock until it is killed, or told to go on by a line. */
async function holder(then = "") {
  const script = `
    import { openStore } from ${JSON.stringify(STORE)};
    import { findStream } from ${JSON.stringify(STORE.replace("store/store.ts", "streams/index.ts"))};
    const store = openStore(${JSON.stringify(here.db)}, { mode: "write" });
    store.lock.acquire("load");
    console.log("held");
    for await (const _ of console) { ${then}; break; }`;
  const other = Bun.spawn([process.execPath, "-e", script], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  others.push(other);
  const reader = other.stdout.getReader();
  await reader.read();
  const rest = async () => new TextDecoder().decode((await reader.read()).value);
  return { other, rest };
}

function byHand(sql: string, ...values: (string | number)[]): void {
  const file = new Database(here.db, { strict: true });
  file.query(sql).run(...values);
  file.close();
}

function lockRow(): Record<string, unknown> | undefined {
  return store.query("SELECT * FROM _sync_lock")[0];
}

describe("a second process", () => {
  test("is refused, told who holds the file, and writes nothing", async () => {
    const { other } = await holder();
    let error: unknown;
    try {
      store.lock.acquire("sync");
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ code: "store-busy", at: here.db, hint: expect.stringContaining("again") });
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
    store.lock.acquire("sync");
    expect(lockRow()).toMatchObject({ pid: process.pid, command: "sync" });
  });

  test("that slept while the lock was taken writes nothing when it wakes", async () => {
    const { other, rest } = await holder(`
      try {
        const rows = [{ id: "late", attributes: { novel: 1 } }];
        const state = { state: 1, syncedTo: null, complete: true, start: null, counted: null };
        store.commit({ stream: findStream("tags"), rows, state, now: 0 });
        console.log("written");
      } catch (error) { console.log(error.code); }
      store.close();`);
    byHand("UPDATE _sync_lock SET heartbeat_at = ?", new Date(Date.now() - 61_000).toISOString());
    store.lock.acquire("sync");
    other.stdin.write("go on\n");
    other.stdin.end();
    expect((await rest()).trim()).toBe("store-busy");
    await other.exited;
    expect(store.query("SELECT * FROM tags")).toEqual([]);
    expect(store.query("SELECT * FROM _sync_state")).toEqual([]);
    // Nor does it give back, when it closes, what is no longer its own.
    expect(lockRow()).toMatchObject({ pid: process.pid });
    expect(put(store, "tags", [resource("ours")]).written).toBe(1);
  });
});

describe("a lock that was left behind", () => {
  const leave = (pid: number, seen: string) =>
    byHand(
      "INSERT OR REPLACE INTO _sync_lock VALUES (1, 'left', ?, ?, 'sync', ?, ?)",
      pid,
      hostname(),
      seen,
      seen,
    );

  test("by a process that had our number, as in a container that was restarted, is taken at once", () => {
    leave(process.pid, new Date().toISOString());
    store.lock.acquire("sync");
    expect(lockRow()?.token).not.toBe("left");
  });

  test("with a heartbeat that is no time is taken", () => {
    leave(1, "?");
    store.lock.acquire("sync");
  });

  test("by a process that may not be asked is respected", () => {
    leave(1, new Date().toISOString());
    expect(() => store.lock.acquire("sync")).toThrow(expect.objectContaining({ code: "store-busy" }));
  });
});

describe("the heartbeat", () => {
  const OLD = "2020-01-01T00:00:00.000Z";

  test("comes with every commit", () => {
    store.lock.acquire("sync");
    byHand("UPDATE _sync_lock SET heartbeat_at = ?", OLD);
    put(store, "tags", []);
    expect(lockRow()?.heartbeat_at).not.toBe(OLD);
  });

  test("comes between commits too, and a file that cannot be written then does not end the process", () => {
    jest.useFakeTimers();
    store.lock.acquire("sync");
    byHand("UPDATE _sync_lock SET heartbeat_at = ?", OLD);
    jest.advanceTimersByTime(10_000);
    expect(lockRow()?.heartbeat_at).not.toBe(OLD);
    byHand("DROP TABLE _sync_lock");
    jest.advanceTimersByTime(10_000);
  });
});

test("is free when it was given back, and a file without rows of it commits without", () => {
  store.lock.acquire("sync");
  store.close();
  store = openStore(here.db, { mode: "write" });
  expect(lockRow()).toBeUndefined();
  expect(put(store, "tags", [resource("a")]).written).toBe(1);
});
