/**
 * The README's recipes work as they are written: the program's own lines run, and DuckDB runs its SQL. What needs
 * Python is looked at here, and run by recipes.nightly.ts.
 */
import { afterAll, beforeAll, describe, expect, setSystemTime, test } from "bun:test";
import { copyFileSync, mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { run, temporaryFolder } from "../e2e/program.ts";
import { FAST, startLocalSandbox } from "../e2e/relay.ts";
import { changeFile } from "../export/fixture.ts";
import { put, resource } from "../store/fixture.ts";
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

test("there is one for Datasette, DuckDB, pandas and Excel, and for the latest state", () => {
  expect([...new Set(blocks.map(({ recipe }) => recipe))]).toEqual(
    expect.arrayContaining(["Datasette", "DuckDB", "pandas", "Excel", "The latest state"]),
  );
});

/** Runs the statements of a block, and perhaps more, and returns the rows of each. */
async function inDuckdb(path: string, block: Block, ...more: string[]): Promise<[string, unknown[][]][]> {
  const instance = await DuckDBInstance.create(":memory:");
  const duckdb = await instance.connect();
  try {
    await duckdb.run(`SET file_search_path = '${path}'`);
    const statements = [...block.lines.join("\n").split(/;\s*(?:\n|$)/), ...more];
    const results: [string, unknown[][]][] = [];
    for (const statement of statements.filter((each) => each.trim() !== "")) {
      results.push([statement, (await duckdb.runAndReadAll(statement)).getRows()]);
    }
    return results;
  } finally {
    duckdb.closeSync();
    instance.closeSync();
  }
}

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
    for (const [statement, rows] of await inDuckdb(folder.path, block)) {
      const isQuestion = !statement.startsWith("CREATE");
      expect([statement, rows.length > 0]).toEqual([statement, isQuestion]);
    }
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

describe("the latest state of each row, over a folder to which exports were added", () => {
  test("is the file's, also after rows changed, went, came back, and columns came", async () => {
    const { path, db, export: exportAgain } = begin();
    await exportAgain();
    changeFile(db, (store) => {
      put(store, "conversations", [
        resource("a", { name: "second", rev: 2, brandNew: 7 }),
        resource("b", { name: "b", rev: 2, deleted: true }),
        resource("new", { name: "new" }),
      ]);
    });
    await exportAgain();
    changeFile(db, (store) => put(store, "conversations", [resource("b", { name: "back", rev: 3 })]));
    await exportAgain();
    expect(await latestOf(path)).toEqual([
      ["a", "second", false],
      ["b", "back", false],
      ["c", "c", false],
      ["new", "new", false],
    ]);
  });

  test("is that of the last export, whichever clock dated the rows, and none that is not finished counts", async () => {
    const { path, db, export: exportAgain } = begin();
    const wrong = Date.now() + 70 * 365 * 86_400_000;
    changeFile(db, (store) => {
      setSystemTime(wrong);
      put(store, "conversations", [resource("a", { name: "from 2096", rev: 2 })], {
        now: wrong,
        isOwnClock: true,
      });
      setSystemTime();
    });
    await exportAgain();
    changeFile(db, (store) => {
      put(store, "conversations", [resource("a", { name: "now", rev: 3 })], { now: Date.now() });
    });
    await exportAgain();
    const unfinished = join(path, "nightly/19990101T000000.000Z");
    mkdirSync(unfinished);
    copyFileSync(join(path, "nightly/conversations.parquet"), join(unfinished, "conversations.parquet"));
    expect((await latestOf(path))[0]).toEqual(["a", "now", false]);
  });

  /** A folder with a file of three conversations; `export` is the recipe's own command. */
  function begin() {
    const path = mkdtempSync(join(folder.path, "latest-"));
    const db = join(path, "kustomer.db");
    changeFile(db, (store) =>
      put(
        store,
        "conversations",
        ["a", "b", "c"].map((id) => resource(id, { name: id, rev: 1 })),
      ),
    );
    const [line] = commandsOf(blockOf("sh"));
    return {
      path,
      db,
      async export() {
        const { code, stderr } = await run(line!.split(" ").slice(1), { cwd: path });
        expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
      },
    };
  }

  const blockOf = (language: string) =>
    blocks.find((block) => block.recipe === "The latest state" && block.language === language)!;

  async function latestOf(path: string): Promise<unknown[][]> {
    const all = "SELECT id, name, _deleted_at IS NOT NULL FROM conversations ORDER BY id";
    return (await inDuckdb(path, blockOf("sql"), all)).at(-1)![1];
  }
});
