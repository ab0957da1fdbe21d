/** The demo tells the whole story, and is run twice because people do. */
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { STREAMS } from "../../src/streams/index.ts";
import { run, type SyncReport, temporaryFolder } from "./program.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

describe("the demo", () => {
  test("fills all nine tables, and its second sync brings only what changed", async () => {
    const { code, stdout } = await run(["demo", "--json", "--rows", "3000"], { cwd: folder.path });
    expect(code).toBe(0);
    const { db, changed, syncs, queries } = JSON.parse(stdout);
    const file = new Database(join(folder.path, db), { readonly: true });
    for (const { name } of STREAMS) {
      expect(file.query<{ n: number }, []>(`SELECT count(*) AS n FROM "${name}"`).get()!.n).toBeGreaterThan(
        5,
      );
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
