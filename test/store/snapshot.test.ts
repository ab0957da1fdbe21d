/** A copy is whole, of one moment, stands alone, and harms nothing: not the file, nor what was there. */
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { AppError } from "../../src/lib/errors.ts";
import { markSelf } from "../../src/lib/process.ts";
import { takeSnapshot } from "../../src/store/snapshot.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { folder, put, resource, row, stream } from "./fixture.ts";

let here: ReturnType<typeof folder>;
let target: string;
beforeEach(() => {
  here = folder();
  target = join(here.path, "copy.db");
});
afterEach(() => here.remove());

const signal = new AbortController().signal;
const take = (path = target, { overwrite = false, db = here.db } = {}) =>
  takeSnapshot(db, path, { overwrite, signal });

function fill(rows: number): Store {
  const store = openStore(here.db, { mode: "create" });
  put(
    store,
    "customers",
    Array.from({ length: rows }, (_, i) => resource(`c${i}`, { name: "x".repeat(400), updatedAt: TIME })),
  );
  put(store, "tags", [resource("t1", { name: "vip" })]);
  return store;
}

const TIME = "2026-01-02T03:04:05.006Z";

async function failure(taking: Promise<unknown>): Promise<AppError> {
  const error = await taking.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AppError)) throw error ?? new Error("nothing was thrown");
  return error;
}

function byHand(path: string, ...statements: string[]): void {
  const db = new Database(path, { readwrite: true, strict: true });
  for (const sql of statements) db.run(sql);
  db.close();
}

describe("a copy", () => {
  test("holds every row, says what it is, and opens with nothing beside it", async () => {
    fill(500).close();
    const { bytes, sha256, moment, streams } = await take();
    expect(bytes).toBe(statSync(target).size);
    expect(sha256).toBe(new Bun.CryptoHasher("sha256").update(readFileSync(target)).digest("hex"));
    expect(Math.abs(Date.parse(moment) - Date.now())).toBeLessThan(60_000);
    expect(streams.find((each) => each.stream === "customers")).toEqual({
      stream: "customers",
      rows: 500,
      deleted: 0,
      synced_to: null,
      complete: false,
      start: null,
      counted: null,
    });
    expect(readdirSync(here.path).sort()).toEqual(["copy.db", "kustomer.db"]);
    // Bytes 18 and 19 are 1 in a file that needs no -wal: https://www.sqlite.org/fileformat.html
    expect([...readFileSync(target).subarray(18, 20)]).toEqual([1, 1]);
    const store = openStore(target, { mode: "read" });
    expect(row(store, "customers", "c7")).toEqual(
      row(openStore(here.db, { mode: "read" }), "customers", "c7"),
    );
    store.close();
  });

  test("has what was committed, of a file that is open and has most of it in its -wal", async () => {
    const store = fill(300);
    expect(statSync(`${here.db}-wal`).size).toBeGreaterThan(0);
    const { streams } = await take();
    put(store, "customers", [resource("later")]);
    store.close();
    expect(streams.find((each) => each.stream === "customers")?.rows).toBe(300);
    const copy = openStore(target, { mode: "read" });
    expect(copy.query("SELECT count(*) AS n FROM customers")).toEqual([{ n: 300 }]);
    copy.close();
  });

  test("is held by nobody while a sync holds the file, which keeps its lock", async () => {
    const store = fill(10);
    await store.lock.acquire("sync");
    await take();
    store.lock.verify();
    const copy = openStore(target, { mode: "write" });
    await copy.lock.acquire("sync");
    copy.close();
    put(store, "customers", [resource("more")]);
    store.close();
  });

  test("is a file that a sync can go on with", async () => {
    const store = fill(10);
    const state = { state: { page: 3 }, syncedTo: TIME, complete: false, start: null, counted: null };
    store.commit({ stream: stream("customers"), rows: [], state, now: Date.now() });
    store.close();
    await take();
    const copy = openStore(target, { mode: "write" });
    expect(copy.loadState(stream("customers"))).toEqual(state);
    expect(put(copy, "customers", [resource("new")]).written).toBe(1);
    copy.close();
    // Its own journal mode is its own matter again.
    expect(readdirSync(here.path).sort()).toEqual(["copy.db", "kustomer.db"]);
  });

  test("may be read by those who may read the file, and no others", async () => {
    fill(1).close();
    chmodSync(here.db, 0o600);
    await take();
    expect(statSync(target).mode & 0o777).toBe(0o600);
  });

  test("replaces a file with --overwrite, and the old one can be read until then", async () => {
    fill(5).close();
    await take();
    const reader = new Database(target, { readonly: true });
    byHand(here.db, "DELETE FROM customers");
    await take(target, { overwrite: true });
    expect(reader.query("SELECT count(*) AS n FROM customers").get()).toEqual({ n: 5 });
    reader.close();
    const copy = openStore(target, { mode: "read" });
    expect(copy.query("SELECT count(*) AS n FROM customers")).toEqual([{ n: 0 }]);
    copy.close();
  });
});

describe("refused, with the file and what was there as they were:", () => {
  const refusals: Record<string, { prepare?: () => void; path: () => string; code: string; says: RegExp }> = {
    "a name that is taken": {
      prepare: () => writeFileSync(target, "mine"),
      path: () => target,
      code: "usage",
      says: /already a file.*--overwrite/s,
    },
    "a link that leads nowhere": {
      prepare: () => symlinkSync(join(here.path, "nowhere"), target),
      path: () => target,
      code: "usage",
      says: /already a file/,
    },
    "a folder": { path: () => here.path, code: "usage", says: /this is a folder.*snapshot\.db/s },
    "a folder to be": { path: () => join(here.path, "new/"), code: "usage", says: /this is a folder/ },
    "a folder that is missing": {
      path: () => join(here.path, "new", "copy.db"),
      code: "store-io",
      says: /new does not exist.*mkdir -p/s,
    },
    "a folder that is a file": {
      path: () => join(here.db, "copy.db"),
      code: "store-io",
      says: /kustomer\.db is not a folder/,
    },
    "a device": { path: () => "/dev/null", code: "usage", says: /not a file/ },
  };
  for (const [name, { prepare, path, code, says }] of Object.entries(refusals)) {
    test(name, async () => {
      fill(3).close();
      prepare?.();
      const before = readdirSync(here.path).sort();
      const error = await failure(take(path()));
      expect([error.code, `${error.message}\n${error.hint}`]).toEqual([code, expect.stringMatching(says)]);
      expect(readdirSync(here.path).sort()).toEqual(before);
    });
  }

  const itself: Record<string, () => string> = {
    "the file": () => here.db,
    "by another way": () => join(here.path, "..", here.path.split("/").at(-1)!, "kustomer.db"),
    "through a symbolic link": () => {
      symlinkSync(here.db, target);
      return target;
    },
    "through a hard link": () => {
      linkSync(here.db, target);
      return target;
    },
    "through a link to its folder": () => {
      symlinkSync(here.path, join(here.path, "door"));
      return join(here.path, "door", "kustomer.db-wal");
    },
    "its -wal, which is not there": () => `${here.db}-wal`,
    "its -journal": () => `${here.db}-journal`,
  };
  for (const [name, path] of Object.entries(itself)) {
    test(`itself, even with --overwrite: ${name}`, async () => {
      fill(3).close();
      const before = Bun.hash(readFileSync(here.db));
      const error = await failure(take(path(), { overwrite: true }));
      expect([error.code, error.message]).toEqual(["usage", expect.stringContaining("the file itself")]);
      expect(Bun.hash(readFileSync(here.db))).toBe(before);
    });
  }

  test("a name beside which lies what another file left, which would be played into the copy", async () => {
    fill(3).close();
    for (const suffix of ["-wal", "-journal"]) {
      writeFileSync(target + suffix, "");
      const error = await failure(take(target, { overwrite: true }));
      expect([error.code, error.message]).toEqual(["store-busy", expect.stringContaining(target + suffix)]);
      Bun.spawnSync(["rm", target + suffix]);
    }
    await take();
  });

  test("no file, and one that is not ours", async () => {
    expect((await failure(take())).code).toBe("store-missing");
    writeFileSync(here.db, "no database at all, and long enough to be looked at".repeat(4));
    expect((await failure(take())).code).toBe("store-foreign");
    expect(readdirSync(here.path)).not.toContain("copy.db");
  });
});

test("a damaged file is said, and gives no copy", async () => {
  fill(3_000).close();
  const damaged = readFileSync(here.db);
  damaged.fill(0xff, damaged.length / 2, damaged.length / 2 + 40_960);
  writeFileSync(here.db, damaged);
  const error = await failure(take());
  expect([error.code, error.message]).toEqual(["store-io", expect.stringContaining("damaged")]);
  expect(readdirSync(here.path)).toEqual(["kustomer.db"]);
});

test("an index that contradicts its table is noticed, though every page can be read", async () => {
  fill(3).close();
  const changed = readFileSync(here.db);
  changed[changed.lastIndexOf(TIME) + TIME.length - 2] = "9".charCodeAt(0);
  writeFileSync(here.db, changed);
  const error = await failure(take());
  expect([error.code, error.message]).toEqual(["store-io", expect.stringContaining("_customers_updated")]);
  expect(readdirSync(here.path)).toEqual(["kustomer.db"]);
});

test("parts that killed processes left go with the next copy to the same name, and nothing else does", async () => {
  fill(3).close();
  const gone = ["copy.db.0a1b2c3d.snapshot-part", "copy.db.0a1b2c3d.snapshot-part-journal"];
  const kept = [
    "other.db.0a1b2c3d.snapshot-part",
    "copy.db.0a1b2c3d.snapshot-part.mine",
    "copy.db.mine.snapshot-part",
    "copy.db.1.snapshot-lease",
    "copy.db.bak",
  ];
  for (const name of [...gone, ...kept]) writeFileSync(join(here.path, name), "half");
  const linked = "copy.db.11111111.snapshot-part";
  symlinkSync("copy.db.bak", join(here.path, linked));
  await take();
  expect(readdirSync(here.path).sort()).toEqual([...kept, linked, "copy.db", "kustomer.db"].sort());
  for (const name of kept) expect(readFileSync(join(here.path, name), "utf8")).toBe("half");
});

describe("of two copies to one place", () => {
  const PATIENT = { beatMs: 20, silenceMs: 1e9, lookMs: 5 };
  const options = { overwrite: true, signal };

  test("the second is refused while the first is made, and the first ends whole", async () => {
    fill(20).close();
    let second: Promise<AppError> | null = null;
    const begin = () => {
      second = failure(take(target, { overwrite: true }));
    };
    const { streams } = await takeSnapshot(here.db, target, { ...options, begin });
    expect(await second!).toMatchObject({
      code: "store-busy",
      message: expect.stringContaining("another snapshot"),
    });
    expect(streams.find((each) => each.stream === "customers")?.rows).toBe(20);
    expect(readdirSync(here.path).sort()).toEqual(["copy.db", "kustomer.db"]);
  });

  test("one whose part was removed meanwhile fails, and leaves nothing", async () => {
    fill(3).close();
    for (const call of [1, 2]) {
      let calls = 0;
      const removing = <T>(action: () => T): T => {
        calls += 1;
        const result = action();
        if (calls === call)
          for (const name of readdirSync(here.path).filter((name) => name.endsWith("-part")))
            rmSync(join(here.path, name));
        return result;
      };
      const error = await failure(takeSnapshot(here.db, target, { ...options, around: removing }));
      expect([call, error.exitCode]).toEqual([call, 5]);
      expect(readdirSync(here.path)).toEqual(["kustomer.db"]);
    }
  });

  test("one whose place was taken over fails, and leaves what the other put there", async () => {
    fill(3).close();
    const taking = <T>(action: () => T): T => {
      const lease = { ...markSelf(), token: "other", host: "h", command: "snapshot", started_at: "2026" };
      writeFileSync(join(here.path, "copy.db.7.snapshot-lease"), JSON.stringify(lease));
      writeFileSync(target, "theirs");
      return action();
    };
    const taken = failure(takeSnapshot(here.db, target, { ...options, around: taking }));
    expect(await taken).toMatchObject({ code: "store-busy" });
    expect(readFileSync(target, "utf8")).toBe("theirs");
    expect(readdirSync(here.path).sort()).toEqual(["copy.db", "copy.db.7.snapshot-lease", "kustomer.db"]);
  });

  test("one left by another container is watched: a sign of life keeps the place, silence gives it up", async () => {
    fill(3).close();
    const left = join(here.path, "copy.db.3.snapshot-lease");
    const holder = { pid: 1, place: "elsewhere", began: "1", token: "left", host: "h", command: "snapshot" };
    writeFileSync(left, JSON.stringify({ ...holder, started_at: "2026" }));
    const onWatch = () => utimesSync(left, new Date(1), new Date(1));
    const watched = failure(takeSnapshot(here.db, target, { ...options, pace: PATIENT, onWatch }));
    expect(await watched).toMatchObject({ code: "store-busy", message: expect.stringContaining("on h") });
    expect(readdirSync(here.path).sort()).toEqual(["copy.db.3.snapshot-lease", "kustomer.db"]);
    await takeSnapshot(here.db, target, { ...options, pace: { ...PATIENT, silenceMs: 50 } });
    expect(readdirSync(here.path).sort()).toEqual(["copy.db", "kustomer.db"]);
  });
});

test("a file that comes while the copy is made is not replaced, nor is the copy left", async () => {
  fill(3).close();
  const meanwhile = <T>(action: () => T): T => {
    writeFileSync(target, "mine");
    return action();
  };
  const taking = takeSnapshot(here.db, target, { overwrite: false, signal, around: meanwhile });
  expect((await failure(taking)).code).toBe("usage");
  expect(readFileSync(target, "utf8")).toBe("mine");
  expect(readdirSync(here.path).sort()).toEqual(["copy.db", "kustomer.db"]);
});

test("stopped while it is made it leaves nothing", async () => {
  fill(3).close();
  const controller = new AbortController();
  const reason = new AppError("interrupted", "stopped");
  const stopIt = <T>(action: () => T): T => {
    controller.abort(reason);
    return action();
  };
  const options = { overwrite: false, signal: controller.signal, around: stopIt };
  expect(await failure(takeSnapshot(here.db, target, options))).toBe(reason);
  expect(readdirSync(here.path)).toEqual(["kustomer.db"]);
});

test("without WAL, where a copy would keep a sync from writing, it waits for the sync to end", async () => {
  fill(3).close();
  const now = new Date().toISOString();
  byHand(here.db, "PRAGMA journal_mode = DELETE");
  const db = new Database(here.db, { readwrite: true });
  db.query(
    `INSERT INTO _sync_lock (only_row, token, pid, host, command, started_at, heartbeat_at)
     VALUES (1, 'other', ?, ?, 'sync', ?, ?)`,
  ).run(process.ppid, hostname(), now, now);
  db.close();
  expect((await failure(take())).code).toBe("store-busy");
  byHand(here.db, "PRAGMA journal_mode = WAL");
  await take();
});

test("a file in a folder that is not written to gives a copy elsewhere", async () => {
  fill(3).close();
  const sealed = join(here.path, "sealed");
  mkdirSync(sealed);
  copyFileSync(here.db, join(sealed, "kustomer.db"));
  chmodSync(sealed, 0o555);
  await take(target, { db: join(sealed, "kustomer.db") });
  chmodSync(sealed, 0o755);
  expect(readdirSync(sealed)).toEqual(["kustomer.db"]);
});
