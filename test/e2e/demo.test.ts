/** The demo tells the whole story, and is run twice because people do. */
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { STREAMS } from "../../src/streams/index.ts";
import { lockByHand, run, type SyncReport, start, startSandboxProcess, temporaryFolder } from "./program.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

describe("the demo", () => {
  test("fills every table, and its second sync brings only what changed", async () => {
    const { code, stdout } = await run(["demo", "--json", "--rows", "3000"], { cwd: folder.path });
    expect(code).toBe(0);
    const { db, changed, syncs, queries } = JSON.parse(stdout);
    const file = new Database(join(folder.path, db), { readonly: true });
    for (const { name, isSetting } of STREAMS) {
      const { n } = file.query<{ n: number }, []>(`SELECT count(*) AS n FROM "${name}"`).get()!;
      expect(n).toBeGreaterThan(isSetting ? 1 : 5);
    }
    file.close();
    const [first, second] = syncs as [SyncReport, SyncReport];
    const written = ({ streams }: SyncReport) => streams.reduce((sum, stream) => sum + stream.written, 0);
    const rows = Object.values(
      changed as Record<string, { created: number; updated: number; deleted: number }>,
    );
    const changes = rows.reduce((sum, each) => sum + each.created + each.updated + each.deleted, 0);
    expect(written(first)).toBeGreaterThanOrEqual(2_900);
    expect(written(second)).toBe(changes);
    expect(queries).toHaveLength(3);
    for (const { rows } of queries) expect(rows.length).toBeGreaterThan(0);
  }, 60_000);

  test("can be run again over its own file, and shows its queries in words", async () => {
    const { code, stdout, stderr } = await run(["demo", "--rows", "1000"], { cwd: folder.path });
    expect(code).toBe(0);
    expect(stdout.match(/^SELECT /gm)).toHaveLength(3);
    expect(stderr).toContain("The second sync brings those");
  }, 60_000);
});

describe("a file that is in the way", () => {
  const few = ["--rows", "300", "--quiet"];
  const at = (name: string) => join(folder.path, name);
  const demo = (name: string) => run(["demo", "--db", name, ...few], { cwd: folder.path });
  /** The same, as a file of its own that may be spoilt. */
  async function made(name: string): Promise<void> {
    expect(await demo(name)).toEqual({ code: 0, stdout: "", stderr: "" });
  }
  const sql = (name: string, statement: string) => {
    const file = new Database(at(name));
    file.run(statement);
    file.close();
  };

  const spoilt: [string, (name: string) => Promise<unknown> | unknown][] = [
    [
      "was synced from a sandbox of somebody's own",
      async (name) => {
        const sandbox = await startSandboxProcess(folder.path, ["--rows", "300"]);
        expect((await run(["sync", "--db", name], { cwd: folder.path, env: sandbox.env })).code).toBe(0);
        await sandbox.stop();
      },
    ],
    [
      "has a table of the user's",
      async (name) => {
        await made(name);
        sql(name, "CREATE TABLE thesis (chapter)");
      },
    ],
    [
      "has a view of the user's",
      async (name) => {
        await made(name);
        sql(name, "CREATE VIEW mine AS SELECT 1");
      },
    ],
    [
      "had rows loaded into it",
      async (name) => {
        await made(name);
        await Bun.write(at("tag.json"), '{"id": "t1", "attributes": {}}');
        expect((await run(["load", "tags", "tag.json", "--db", name], { cwd: folder.path })).code).toBe(0);
      },
    ],
    [
      "is a copy of a demo",
      async (name) => {
        await made("original.db");
        copyFileSync(at("original.db"), at(name));
      },
    ],
    [
      "is a demo that was moved",
      async (name) => {
        await made("moving.db");
        renameSync(at("moving.db"), at(name));
      },
    ],
    [
      "is a snapshot of a demo",
      async (name) => {
        await made("original.db");
        const args = ["snapshot", name, "--db", "original.db"];
        expect((await run(args, { cwd: folder.path })).code).toBe(0);
      },
    ],
    [
      "has a mark that was forged",
      async (name) => {
        await made(name);
        sql(name, "CREATE TABLE thesis (chapter)");
        sql(name, "INSERT INTO _sync_demo SELECT * FROM _sync_demo");
      },
    ],
  ];

  test.each(spoilt)(
    "%s: it is refused and left as it was",
    async (what, spoil) => {
      const name = `${what.replaceAll(/\W/g, "-")}.db`;
      await spoil(name);
      const before = readFileSync(at(name));
      const { code, stdout, stderr } = await demo(name);
      expect([code, stdout]).toEqual([5, ""]);
      expect(stderr).toMatch(new RegExp(`^error: ${name}: demo did not make this file, .*\n +try: .*--db`));
      expect(readFileSync(at(name)).equals(before)).toBe(true);
    },
    60_000,
  );

  test("is made anew where a demo left it that was killed, and a link to a demo's file is all that goes", async () => {
    const killed = start(["demo", "--db", "killed.db", "--rows", "20000"], { cwd: folder.path });
    const reader = killed.stderr.getReader();
    for (let seen = ""; !seen.includes("done"); ) {
      const { value } = await reader.read();
      if (value === undefined) throw new Error(`ended: ${seen}`);
      seen += new TextDecoder().decode(value);
    }
    killed.kill("SIGKILL");
    await killed.exited;
    expect(existsSync(at("killed.db"))).toBe(true);
    await made("killed.db");
    symlinkSync("killed.db", at("link.db"));
    const runs = () => {
      const file = new Database(at("killed.db"), { readonly: true });
      const found = file.query("SELECT * FROM _sync_runs").all();
      file.close();
      return found;
    };
    const before = runs();
    await made("link.db");
    expect(runs()).toEqual(before);
  }, 60_000);

  test("is left alone while another process writes it", async () => {
    await made("busy.db");
    lockByHand(at("busy.db"));
    const { code, stderr } = await demo("busy.db");
    expect([code, stderr]).toEqual([5, expect.stringContaining(`process ${process.pid}`)]);
  });
});
