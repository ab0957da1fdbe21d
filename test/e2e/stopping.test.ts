/**
 * Ctrl-C within one call of SQLite that takes for ever: the command ends all the same, with 130, leaves nothing half done
 * and the file as it was. And work that is done aside shows that it lives, whatever it is stuck in.
 */
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { filesIn, makeFile } from "../export/fixture.ts";
import { run, start, temporaryFolder } from "./program.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const whole = join(folder.path, "whole.db");
makeFile(whole, 40);
let count = 0;

function byHand(db: string, ...statements: string[]): void {
  const file = new Database(db);
  for (const sql of statements) file.run(sql);
  file.close();
}

/** A file in which one table was replaced by a view that never comes to an end. */
function endlessView(): string {
  const at = join(folder.path, String(++count));
  mkdirSync(at);
  const db = join(at, "kustomer.db");
  copyFileSync(whole, db);
  const file = new Database(db);
  const columns = file.query<{ name: string }, []>("SELECT name FROM pragma_table_info('tags')").all();
  file.close();
  const nulls = columns.map(({ name }) => `NULL AS "${name}"`).join(", ");
  const endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)";
  byHand(
    db,
    "DROP TABLE tags",
    `CREATE VIEW tags AS ${endless} SELECT ${nulls} FROM c WHERE x < 0`,
    // As a sync leaves it: nobody has to look for a row to know that it was read.
    `INSERT INTO _sync_state (stream, state, complete, saved_at)
     VALUES ('tags', '{"v": 1, "readAt": "2026-01-01T00:00:00.000Z"}', 1, '2026-01-01T00:00:00.000Z')`,
  );
  return at;
}

/** A file whose check takes as good as for ever: each row of a table of the user's takes a while to be looked at. */
function endlessCheck(): string {
  const at = join(folder.path, String(++count));
  mkdirSync(at);
  const db = join(at, "kustomer.db");
  copyFileSync(whole, db);
  byHand(
    db,
    "CREATE TABLE slow (x, CHECK (length(hex(zeroblob(50000000))) > x))",
    "PRAGMA ignore_check_constraints = ON",
    "INSERT INTO slow WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 5000) SELECT x FROM c",
  );
  return at;
}

/** What is there beside the file, what SQLite keeps there while it is open, and Bun's own cache. */
const beside = (at: string) =>
  readdirSync(at).filter((name) => !/^(\.bun|kustomer\.db(-wal|-shm)?)$/.test(name));

type Case = {
  name: string;
  args: string[];
  begun: (at: string) => boolean;
  prepare: () => string;
  stops: RegExp;
};
const isExporting = (at: string) =>
  readdirSync(at).some((name) => name === "out") &&
  readdirSync(join(at, "out")).some((name) => /[0-9a-f]{8}$/.test(name));
const cases: Case[] = [
  {
    name: "status",
    args: ["status"],
    // It opens the file, and looks at its first table at once.
    begun: (at) => readdirSync(at).includes("kustomer.db-shm"),
    prepare: endlessView,
    stops: /nothing was changed/,
  },
  {
    name: "export",
    args: ["export", "--out", "out"],
    begun: isExporting,
    prepare: endlessView,
    stops: /nothing unfinished is left/,
  },
  {
    name: "export by month",
    args: ["export", "--out", "out", "--format", "parquet", "--partition-by", "month"],
    begun: isExporting,
    prepare: endlessView,
    stops: /nothing unfinished is left/,
  },
  {
    name: "snapshot",
    args: ["snapshot", "copy.db"],
    begun: (at) =>
      readdirSync(at).some((name) => name.endsWith(".snapshot-part") && statSync(join(at, name)).size > 0),
    prepare: endlessCheck,
    stops: /no half copy is left/,
  },
];

describe.each(cases)("$name", ({ args, begun, prepare, stops }) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`${signal}: 130, said so, and nothing is left`, async () => {
      const at = prepare();
      const child = start([...args, "--db", "kustomer.db"], { cwd: at });
      while (!begun(at)) await Bun.sleep(5);
      child.kill(signal);
      const [code, stderr] = await Promise.all([child.exited, new Response(child.stderr).text()]);
      expect(code).toBe(130);
      expect(child.signalCode).toBeNull();
      expect(stderr).toMatch(stops);
      expect(stderr).toContain(`\nstopped by ${signal === "SIGINT" ? "Ctrl-C" : signal}\n`);
      expect(stderr).not.toContain("error");
      expect(beside(at)).toEqual([]);
    }, 60_000);
  }

  test("two at once: 130, at once, and the file is as it was", async () => {
    const at = prepare();
    const before = readFileSync(join(at, "kustomer.db"));
    const child = start([...args, "--db", "kustomer.db"], { cwd: at });
    while (!begun(at)) await Bun.sleep(5);
    child.kill("SIGINT");
    const reader = child.stderr.getReader();
    for (let said = ""; !said.includes("press Ctrl-C again"); )
      said += new TextDecoder().decode((await reader.read()).value);
    child.kill("SIGINT");
    expect([await child.exited, child.signalCode]).toEqual([130, null]);
    expect(readFileSync(join(at, "kustomer.db")).equals(before)).toBe(true);
    expect(beside(at).filter((name) => name === "copy.db")).toEqual([]);
    if (beside(at).includes("out"))
      expect(readdirSync(join(at, "out")).filter((name) => !name.startsWith("."))).toEqual([]);
  }, 60_000);
});

test("an export into a folder that holds another leaves that one as it was", async () => {
  const at = endlessView();
  const out = join(at, "out");
  expect((await run(["export", "customers", "--out", "out", "--db", "kustomer.db"], { cwd: at })).code).toBe(
    0,
  );
  const before = filesIn(out);
  const child = start(["export", "--overwrite", "--out", "out", "--db", "kustomer.db"], { cwd: at });
  while (!isExporting(at)) await Bun.sleep(5);
  child.kill("SIGINT");
  expect(await child.exited).toBe(130);
  expect(filesIn(out)).toEqual(before);
  expect(readdirSync(out).sort()).toEqual(["_manifest.json", "customers.csv"]);
}, 60_000);

test("an export that is stuck in a statement shows that it lives", async () => {
  const at = endlessView();
  const child = start(["export", "--out", "out", "--db", "kustomer.db"], { cwd: at });
  const lease = () => readdirSync(join(at, "out")).find((name) => name.endsWith(".lease"));
  const signOf = () => statSync(join(at, "out", lease()!)).mtimeMs;
  while (!isExporting(at) || lease() === undefined) await Bun.sleep(5);
  const first = signOf();
  while (signOf() === first) await Bun.sleep(50);
  const second = await run(["export", "--out", "out", "--db", "kustomer.db"], { cwd: at });
  expect([second.code, second.stderr]).toEqual([2, expect.stringContaining("another export")]);
  child.kill("SIGKILL");
  await child.exited;
}, 60_000);
