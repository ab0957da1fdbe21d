/**
 * The README's recipes work as they are written: the program's own lines run, and DuckDB runs its SQL. What needs
 * Python is looked at here, and run by recipes.nightly.ts.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { run, temporaryFolder } from "../e2e/program.ts";
import { FAST, startLocalSandbox } from "../e2e/relay.ts";
import { type Block, commandsOf, recipeBlocks } from "./blocks.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
beforeAll(async () => {
  await using sandbox = await startLocalSandbox({ rows: 1_500 });
  const { code } = await run(["sync", "--quiet", ...FAST], { cwd: folder.path, env: sandbox.env });
  expect(code).toBe(0);
  copyFileSync(join(folder.path, "kustomer.db"), join(folder.path, "first.db"));
}, 60_000);

const blocks = await recipeBlocks();

test("there is one for Datasette, DuckDB, pandas and Excel", () => {
  expect([...new Set(blocks.map(({ recipe }) => recipe))]).toEqual(
    expect.arrayContaining(["Datasette", "DuckDB", "pandas", "Excel"]),
  );
});

const WAYS: Record<string, (block: Block) => Promise<void>> = {
  async sh(block) {
    for (const line of commandsOf(block)) {
      const [program, ...args] = line.split(" ");
      if (program !== "kustomer-sync") {
        expect(line).toMatch(/^(pip install [a-z ]+|datasette -i \S+\.db|duckdb|sqlite3 .+)$/);
        continue;
      }
      const { code, stderr } = await run(args, { cwd: folder.path });
      expect([line, code, code === 0 ? "" : stderr]).toEqual([line, 0, ""]);
    }
  },
  async sql(block) {
    const instance = await DuckDBInstance.create(":memory:");
    const duckdb = await instance.connect();
    await duckdb.run(`SET file_search_path = '${folder.path}'`);
    for (const statement of block.lines.join("\n").split(/;\s*(?:\n|$)/)) {
      if (statement.trim() === "") continue;
      const rows = (await duckdb.runAndReadAll(statement)).getRows();
      expect([statement, rows.length]).toEqual([statement, expect.any(Number)]);
      expect(rows.length).toBeGreaterThan(0);
    }
    duckdb.closeSync();
    instance.closeSync();
  },
  async python(block) {
    if (Bun.which("python3") === null) return;
    const parse = Bun.spawn(["python3", "-c", "import ast, sys; ast.parse(sys.stdin.read())"], {
      stdin: new TextEncoder().encode(block.lines.join("\n")),
      stderr: "pipe",
    });
    expect([await parse.exited, await new Response(parse.stderr).text()]).toEqual([0, ""]);
  },
};

describe("the recipe for", () => {
  // The blocks of one recipe, in its order: the later work on what the earlier made.
  for (const [recipe, its] of Map.groupBy(blocks, (block) => block.recipe)) {
    test(`${recipe}, ${its.map(({ language }) => language).join(", ")}`, async () => {
      for (const block of its) {
        const way = WAYS[block.language];
        if (way === undefined) throw new Error(`nobody runs ${block.language}`);
        await way(block);
      }
    }, 120_000);
  }
});
