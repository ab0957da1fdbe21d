/**
 * The recipes that need Python, run with what pip brings into an environment of its own: every block as it is
 * written, in one folder. Needs python3 and an index of packages, and for Spark Java.
 *
 *   bun test ./test/recipes/recipes.nightly.ts
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { openStore } from "../../src/store/store.ts";
import { run, temporaryFolder } from "../e2e/program.ts";
import { FAST, startLocalSandbox } from "../e2e/relay.ts";
import { put, resource } from "../store/fixture.ts";
import { commandsOf, recipeBlocks } from "./blocks.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const bin = join(folder.path, "venv/bin");
const blocks = await recipeBlocks();

async function shell(command: string[]): Promise<string> {
  const child = Bun.spawn(command, { cwd: folder.path, stdout: "pipe", stderr: "pipe" });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`${command.join(" ")} ended ${code}: ${err}`);
  return out;
}

beforeAll(async () => {
  await using sandbox = await startLocalSandbox({ rows: 1_500 });
  expect((await run(["sync", "--quiet", ...FAST], { cwd: folder.path, env: sandbox.env })).code).toBe(0);
  await shell(["python3", "-m", "venv", "venv"]);
}, 60_000);

/** Changes the file as a second night would, and exports what changed; returns how many conversations are live. */
async function secondNight(command: string): Promise<number> {
  const db = join(folder.path, "kustomer.db");
  const store = openStore(db, { mode: "write" });
  const live = () => store.query("SELECT id FROM conversations WHERE _deleted_at IS NULL ORDER BY id");
  const [gone, changed] = live();
  const later = { updatedAt: "2030-01-01T00:00:00.000Z" };
  put(store, "conversations", [
    resource(String(gone!.id), { ...later, deleted: true }),
    resource(String(changed!.id), { ...later, brandNew: 7 }),
    resource("new", later),
  ]);
  const count = live().length;
  store.close();
  expect((await run(command.split(" ").slice(1), { cwd: folder.path })).code).toBe(0);
  return count;
}

let conversations = 0;

for (const [index, block] of blocks.entries()) {
  test(`${block.recipe}, ${block.language} ${index + 1}`, async () => {
    if (block.language === "python") {
      const out = (await shell([join(bin, "python"), "-c", block.lines.join("\n")])).trim();
      if (block.recipe === "The latest state") expect(out.split("\n")[0]).toBe(String(conversations));
      expect(out).not.toBe("");
    }
    if (block.language !== "sh") return;
    for (const line of commandsOf(block)) {
      const [program = "", ...args] = line.split(" ");
      if (program === "kustomer-sync") expect((await run(args, { cwd: folder.path })).code).toBe(0);
      if (args.includes("--since-last")) conversations = await secondNight(line);
      if (program === "pip") await shell([join(bin, "pip"), "--quiet", ...args]);
      // Asked for one page instead of served.
      if (program === "datasette") {
        const page = JSON.parse(await shell([join(bin, program), ...args, "--get", "/-/databases.json"]));
        expect(JSON.stringify(page)).toContain('"is_mutable": false'.replace(": ", ":"));
      }
    }
  }, 1_800_000);
}
