/** The promise itself: the file holds what Kustomer holds, whatever happened on the way. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { STREAMS } from "../../src/streams/index.ts";
import {
  differences,
  ended,
  run,
  type SandboxProcess,
  type SandboxStats,
  type SyncReport,
  start,
  startSandboxProcess,
  temporaryFolder,
} from "./program.ts";

const FREE = ["--rpm", "1000000", "--search-rpm", "1000000"];
const FAST = ["--search-rpm", "1000000", "--rate-share", "1"];
const folder = temporaryFolder();
let next = 0;
const newDb = () => join(folder.path, `db-${++next}.db`);
afterAll(folder.remove);

async function sync(sandbox: SandboxProcess, db: string, more: string[] = []): Promise<SyncReport> {
  const result = await run(["sync", "--json", "--db", db, ...FAST, ...more], {
    cwd: folder.path,
    env: sandbox.env,
  });
  if (result.code !== 0) throw new Error(`sync ended ${result.code}: ${result.stderr}${result.stdout}`);
  return JSON.parse(result.stdout) as SyncReport;
}

describe("an account of 50,000 rows", () => {
  let sandbox: SandboxProcess;
  const db = newDb();
  let first: SyncReport;
  let stats: SandboxStats;
  let most: number;
  let different: Record<string, string[]>;
  beforeAll(async () => {
    sandbox = await startSandboxProcess(folder.path, ["--rows", "50000", ...FREE]);
    const counts = new Map<string, number>();
    for (const { updatedAt } of await sandbox.truth("conversations")) {
      counts.set(updatedAt!, (counts.get(updatedAt!) ?? 0) + 1);
    }
    most = Math.max(...counts.values());
    first = await sync(sandbox, db);
    stats = await sandbox.stats();
    different = await differences(db, sandbox);
  }, 120_000);
  afterAll(() => sandbox.stop());

  test("is equal after the first sync, with few more requests than pages", () => {
    expect(different).toEqual({});
    expect(first.streams.map(({ status }) => status)).toEqual(STREAMS.map(() => "done"));
    // 45,000 rows in pages of 500, each of eight ranges begun and split may cost one page more.
    expect(stats.searches).toBeLessThan(150);
    expect(stats.duplicates).toBe(0);
  });

  test("is asked at most 12 times when nothing has changed, and 8 more to count; nothing is written", async () => {
    // What another test has changed.
    await sync(sandbox, db);
    for (const [more, most] of [
      [["--no-audit"], 12],
      [[], 20],
    ] as const) {
      const report = await sync(sandbox, db, [...more]);
      expect(report.requests).toBeLessThanOrEqual(most);
      expect(report.streams.map(({ written, deleted }) => written + deleted)).toEqual(STREAMS.map(() => 0));
    }
  }, 60_000);

  test("is equal again after changes, which alone are written", async () => {
    await sandbox.change(200);
    const report = await sync(sandbox, db);
    expect(await differences(db, sandbox)).toEqual({});
    const written = report.streams.reduce((sum, stream) => sum + stream.written, 0);
    expect(written).toBeGreaterThanOrEqual(200);
    expect(written).toBeLessThan(2_000);
  }, 60_000);

  test("has its 1,200 rows at one timestamp, read once", () => {
    expect(most).toBeGreaterThan(1_000);
  });
});

test("an account whose rows change all through a first sync is equal after one quiet sync", async () => {
  const sandbox = await startSandboxProcess(folder.path, ["--rows", "20000", ...FREE]);
  try {
    const busy = newDb();
    await sandbox.churn(500);
    await sync(sandbox, busy);
    await sandbox.churn(0);
    await sync(sandbox, busy);
    expect(await differences(busy, sandbox)).toEqual({});
  } finally {
    await sandbox.stop();
  }
}, 120_000);

describe("interrupted", () => {
  let sandbox: SandboxProcess;
  let whole = 0;
  beforeAll(async () => {
    sandbox = await startSandboxProcess(folder.path, ["--rows", "20000", ...FREE]);
    whole = (await sync(sandbox, newDb())).requests;
  });
  afterAll(() => sandbox.stop());

  /** Waits until the sandbox has answered so many requests more. */
  async function afterRequests(count: number): Promise<void> {
    const from = (await sandbox.stats()).requests;
    while ((await sandbox.stats()).requests < from + count);
  }

  test("by kill -9, again and again, it goes on and is equal", async () => {
    const db = newDb();
    const before = (await sandbox.stats()).requests;
    const kills = [1, 4, 9, 15, 22, 30];
    for (const count of kills) {
      const process = start(["sync", "--db", db, ...FAST], { cwd: folder.path, env: sandbox.env });
      await Promise.race([afterRequests(count), process.exited]);
      process.kill("SIGKILL");
      await process.exited;
      if (!existsSync(db)) continue;
      const { stdout } = await run(["status", "--db", db, "--json"], { cwd: folder.path });
      if (stdout !== "") expect(stdout).not.toContain('"running"');
    }
    await sync(sandbox, db);
    expect(await differences(db, sandbox)).toEqual({});
    // Each kill loses at most what was in flight: eight requests, the key's check, and four whole lists.
    const asked = (await sandbox.stats()).requests - before;
    expect(asked).toBeLessThan(whole + kills.length * (8 + 1 + 5 + 5));
  }, 120_000);

  test("by Ctrl-C it ends 130, names what it left, says how to go on, and the next run is equal", async () => {
    const db = newDb();
    const process = start(["sync", "--json", "--db", db, ...FAST], { cwd: folder.path, env: sandbox.env });
    await afterRequests(12);
    process.kill("SIGINT");
    const { code, stdout, stderr } = await ended(process);
    expect(code).toBe(130);
    const { status, streams } = JSON.parse(stdout) as SyncReport;
    expect(status).toBe("interrupted");
    const open = streams.filter(({ status }) => status !== "done").map(({ stream }) => stream);
    expect(open.length).toBeGreaterThan(1);
    const names = `${open.slice(0, -1).join(", ")} and ${open.at(-1)}`;
    expect(stderr).toContain("stopping: what was read is kept; press Ctrl-C again to stop at once\n");
    const said = stderr.replaceAll(/\n {4}/g, " ");
    expect(said).toContain(`\nstopped by Ctrl-C\n  not read to the end: ${names}\n  try: `);
    expect(stderr).not.toContain("error");
    expect(stderr).toContain("goes on where this one stopped");
    await sync(sandbox, db);
    expect(await differences(db, sandbox)).toEqual({});
  }, 60_000);
});

describe("on a bad day", () => {
  test("with 5% faults of every kind and churn, two syncs and a quiet one leave it equal", async () => {
    const mix = ["--rows", "8000", "--faults", "5%", ...FREE, "--churn", "50"];
    const sandbox = await startSandboxProcess(folder.path, mix);
    try {
      const db = newDb();
      for (let i = 0; i < 2; i += 1) {
        await run(["sync", "--db", db, ...FAST, "--timeout", "5s"], { cwd: folder.path, env: sandbox.env });
      }
      await sandbox.churn(0);
      await sync(sandbox, db, ["--timeout", "5s"]);
      expect(await differences(db, sandbox)).toEqual({});
      expect((await sandbox.stats()).faults).toBeGreaterThan(0);
    } finally {
      await sandbox.stop();
    }
  }, 120_000);

  test("a stream without its role is skipped, named with what it needs; the others are done: 6", async () => {
    const sandbox = await startSandboxProcess(folder.path, [
      "--rows",
      "2000",
      "--without-role",
      "notes",
      ...FREE,
    ]);
    try {
      const args = ["sync", "--json", "--db", newDb(), ...FAST];
      const { code, stdout, stderr } = await run(args, { cwd: folder.path, env: sandbox.env });
      expect(code).toBe(6);
      const report = JSON.parse(stdout) as SyncReport;
      const statuses = Object.fromEntries(report.streams.map(({ stream, status }) => [stream, status]));
      expect(statuses).toMatchObject({ notes: "skipped", messages: "done", users: "done" });
      expect(stderr).toContain("org.permission.note.read");
      expect(stderr).toContain("--skip notes");
    } finally {
      await sandbox.stop();
    }
  }, 60_000);
});

describe("the budget", () => {
  test("is hardly ever overdrawn, and used until the last window", async () => {
    const limits = ["--rate-window", "4s", "--search-rpm", "16"];
    const sandbox = await startSandboxProcess(folder.path, ["--rows", "30000", ...limits]);
    try {
      const args = ["sync", "--db", newDb(), ...limits, "--rate-share", "1"];
      expect((await run(args, { cwd: folder.path, env: sandbox.env })).code).toBe(0);
      const { requests, refused, windows } = await sandbox.stats();
      expect(refused).toBeLessThanOrEqual(requests / 50);
      // The first window was begun without us, the last is not full.
      const full = windows.slice(1, -1);
      expect(full.length).toBeGreaterThanOrEqual(2);
      // A busy machine does not always keep up.
      const used = full.reduce((sum, { searches }) => sum + searches, 0);
      expect(used).toBeGreaterThanOrEqual(full.length * 16 * 0.6);
    } finally {
      await sandbox.stop();
    }
  }, 60_000);
});
