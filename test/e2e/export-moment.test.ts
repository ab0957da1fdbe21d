/** What an export shows while others write: one moment. */
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { exportToFolder } from "../../src/export/export.ts";
import { changeFile, exported, filesIn, HOOKS, makeFile, optionsOf } from "../export/fixture.ts";
import { canMount, mountMemory } from "./mount.ts";
import { ended, run, start, startSandboxProcess, temporaryFolder } from "./program.ts";
import { manifestOf, readCsv } from "./readers.ts";
import { FAST } from "./relay.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

test("rows that are written by turns to two streams are as many in both, or one more", async () => {
  const db = join(folder.path, "turns.db");
  changeFile(db, () => {});
  const writer = Bun.spawn([process.execPath, join(import.meta.dir, "../export/writer.ts"), db], {
    stdout: "pipe",
  });
  try {
    await writer.stdout.getReader().read();
    const file = new Database(db, { readonly: true });
    const count = file.query<{ n: number }, []>("SELECT count(*) AS n FROM customers");
    let before = 0;
    let moved = 0;
    for (let nth = 1; moved < 10; nth += 1) {
      const out = join(folder.path, `turns ${nth}`);
      while (count.get()!.n <= before) await Bun.sleep(1);
      // The slower of the two first: without one moment the other would have gone on meanwhile.
      const { streams } = await exported(optionsOf(db, out, { compression: "gzip" }));
      const [customers, tags] = streams.map(({ rows }) => rows);
      expect([0, 1]).toContain(customers! - tags!);
      expect(customers!).toBeGreaterThanOrEqual(before);
      // The writer may have had no turn meanwhile.
      if (customers! > before) moved += 1;
      before = customers!;
    }
    file.close();
  } finally {
    writer.kill();
    await writer.exited;
  }
}, 60_000);

test("during syncs of an account that changes, what is exported is the file up to an instant, and no more", async () => {
  const sandbox = await startSandboxProcess(folder.path, [
    "--rows",
    "4000",
    "--rpm",
    "1000000",
    "--search-rpm",
    "1000000",
  ]);
  const db = join(folder.path, "churn.db");
  try {
    const sync = () =>
      start(["sync", "--quiet", "--db", db, "--lookback", "1s", ...FAST], {
        cwd: folder.path,
        env: sandbox.env,
      });
    expect((await ended(sync())).code).toBe(0);
    await sandbox.churn(400);
    const outs: string[] = [];
    let isOver = false;
    const syncing = (async () => {
      while (!isOver) expect((await ended(sync())).code).toBe(0);
    })();
    const seen = new Set<string | null>();
    for (let nth = 1; seen.size < 4; nth += 1) {
      const out = join(folder.path, `churn ${nth}`);
      const { code, stderr } = await run(
        ["export", "--include-deleted", "--quiet", "--db", db, "--out", out],
        { cwd: folder.path },
      );
      expect([code, stderr]).toEqual([0, ""]);
      seen.add(manifestOf(out).streams[0]!.written_to);
      outs.push(out);
    }
    isOver = true;
    await syncing;
    const file = new Database(db, { readonly: true });
    for (const out of outs) {
      const { streams } = manifestOf(out);
      const instants = new Set(streams.map(({ written_to }) => written_to));
      expect(instants.size).toBe(1);
      const upTo = streams[0]!.written_to!;
      for (const stream of streams) {
        const place = stream.columns.findIndex(({ name }) => name === "_synced_at");
        const rows = readCsv(out, stream);
        for (const row of rows.values()) expect(row[place]! <= upTo).toBe(true);
        // Of the rows that nobody has written since, each is there.
        const left = file
          .query<{ id: string }, [string]>(`SELECT id FROM "${stream.stream}" WHERE _synced_at <= ?`)
          .all(upTo);
        expect(left.filter(({ id }) => !rows.has(id))).toEqual([]);
        expect([stream.stream, rows.size]).toEqual([stream.stream, stream.rows]);
      }
    }
    file.close();
  } finally {
    await sandbox.stop();
  }
}, 60_000);

test("interrupted, it leaves the folder as it found it", async () => {
  const db = join(folder.path, "small.db");
  makeFile(db, 50);
  const out = join(folder.path, "stopped");
  for (const at of ["customers", "tags"]) {
    const controller = new AbortController();
    const onDone = (stream: string) => stream === at && controller.abort(new Error("stopped by Ctrl-C"));
    const stopped = exportToFolder(optionsOf(db, out), { ...HOOKS, signal: controller.signal, onDone });
    await expect(stopped).rejects.toThrow("stopped by Ctrl-C");
    expect(existsSync(out)).toBe(false);
  }
  await exported(optionsOf(db, out));
  const before = filesIn(out);
  const controller = new AbortController();
  controller.abort(new Error("stopped by Ctrl-C"));
  const again = exported(optionsOf(db, out, { overwrite: true }), { signal: controller.signal });
  await expect(again).rejects.toThrow("stopped by Ctrl-C");
  expect(filesIn(out)).toEqual(before);
});

test.skipIf(!canMount).each(["csv", "ndjson", "parquet"])(
  "a disk that is full ends %s with 5, says how much room it takes, and leaves nothing",
  async (format) => {
    const db = join(folder.path, `big ${format}.db`);
    makeFile(db, 20_000);
    await using mount = await mountMemory(join(folder.path, `full ${format}`), "300k");
    const out = join(mount.path, "export");
    const args = [
      "export",
      "customers",
      "tags",
      "--quiet",
      "--db",
      db,
      "--out",
      out,
      "--format",
      format,
      "--compress",
      "none",
    ];
    const full = await mount.run(args, {});
    expect([full.code, full.stderr]).toEqual([
      5,
      expect.stringContaining(`${out}: the disk is full; nothing of this export`),
    ]);
    expect(full.stderr).toMatch(/try: make room for about [\d.]+ [kM]B \([\d.]+ [kM]?B are free\)/);
    expect(readdirSync(mount.seen)).toEqual([]);
    await mount.remount("size=64m");
    expect(await mount.run(args, {})).toMatchObject({ code: 0, stderr: "" });
    expect(readdirSync(join(mount.seen, "export"))).toContain("_manifest.json");
  },
  30_000,
);
