/** What a process commits is there whole or not at all, however it ends and whoever looks: law 2. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { openStore, type Store } from "../../src/store/store.ts";
import { folder, put, resource, stream } from "./fixture.ts";

let here: ReturnType<typeof folder>;
let children: ReturnType<typeof spawn>[];
let stores: Store[];
beforeEach(() => {
  here = folder();
  children = [];
  stores = [];
});
afterEach(async () => {
  for (const child of children) {
    child.kill("SIGKILL");
    await child.exited;
  }
  for (const store of stores) store.close();
  here.remove();
});

function spawn(way: "freely" | "stepwise", from: number) {
  return Bun.spawn([process.execPath, join(import.meta.dir, "committing.ts"), here.db, way, String(from)], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
}

/** Starts a process that commits; `line` is the next thing that it says. */
function start(way: "freely" | "stepwise", from = 1) {
  const child = spawn(way, from);
  children.push(child);
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  async function line(): Promise<string> {
    while (!held.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`the process ended after saying ${JSON.stringify(held)}`);
      held += value;
    }
    const [first, ...rest] = held.split("\n");
    held = rest.join("\n");
    return first!;
  }
  const step = () => {
    child.stdin.write(".");
    child.stdin.flush();
  };
  return { child, line, step };
}

function open(mode: "create" | "write" | "read" = "write"): Store {
  const store = openStore(here.db, { mode });
  stores.push(store);
  return store;
}

function pageOf(store: Store): number {
  return (store.loadState(stream("customers"))?.state as { page: number } | undefined)?.page ?? 0;
}

function countOf(store: Store): number {
  return store.query("SELECT count(*) AS n FROM customers")[0]!.n as number;
}

test("reading needs no lock, and sees whole pages only", async () => {
  const { line } = start("freely");
  expect(await line()).toBe("holds");
  await line();
  const store = open("read");
  for (let look = 0; look < 20; look += 1) {
    const [found] = store.query(
      `SELECT (SELECT count(*) FROM customers) AS rows, json_extract(state, '$.page') AS page
       FROM _sync_state WHERE stream = 'customers'`,
    );
    expect(found!.rows).toBe((found!.page as number) * 50);
    await line();
  }
});

describe("a process that is killed", () => {
  for (const pages of [0, 1, 7, 20]) {
    test(`after ${pages} pages or a little later leaves rows and state that agree`, async () => {
      const { child, line } = start("freely");
      expect(await line()).toBe("holds");
      let said = 0;
      while (said < pages) said = Number((await line()).replace("committed ", ""));
      child.kill("SIGKILL");
      await child.exited;

      const store = open();
      const page = pageOf(store);
      expect(page).toBeGreaterThanOrEqual(said);
      expect(countOf(store)).toBe(page * 50);
      expect(store.query("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
      // Its lock is a dead process's, and the next one goes on where it was.
      await store.lock.acquire("sync");
      store.close();
      expect(readdirSync(here.path)).toEqual(["kustomer.db"]);

      const next = start("stepwise", page + 1);
      expect(await next.line()).toBe("holds");
      next.step();
      expect(await next.line()).toBe(`committed ${page + 1}`);
      next.child.stdin.end();
      await next.child.exited;
      const after = open("read");
      expect([pageOf(after), countOf(after)]).toEqual([page + 1, (page + 1) * 50]);
    });
  }

  const moments: [string, () => boolean][] = [
    ["nothing is there", () => true],
    ["the file is there", () => existsSync(here.db)],
    ["its journal is there", () => existsSync(`${here.db}-journal`)],
    ["its header is there", () => existsSync(here.db) && statSync(here.db).size > 0],
    ["it is in WAL mode", () => existsSync(`${here.db}-wal`)],
  ];
  for (const [name, isNow] of moments) {
    test(`while it makes the file, once ${name}, leaves nothing or a file of ours`, async () => {
      const { child, line } = start("stepwise");
      let isMade = false;
      void line().then(
        () => {
          isMade = true;
        },
        () => {},
      );
      // A moment may pass between two looks; then it is killed when the file is made.
      while (!isMade && !isNow()) await new Promise(setImmediate);
      child.kill("SIGKILL");
      await child.exited;
      const store = open("create");
      await store.lock.acquire("sync");
      expect(put(store, "customers", [resource("a")]).written).toBe(1);
      store.close();
      expect(readdirSync(here.path)).toEqual(["kustomer.db"]);
    });
  }
});
