/**
 * The recipes that need Python, run with what pip brings into an environment of its own: every block as it is
 * written, in one folder. Needs python3 and an index of packages.
 *
 *   bun test ./test/recipes/recipes.nightly.ts
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { run, temporaryFolder } from "../e2e/program.ts";
import { FAST, startLocalSandbox } from "../e2e/relay.ts";
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

for (const [index, block] of blocks.entries()) {
  test(`${block.recipe}, ${block.language} ${index + 1}`, async () => {
    if (block.language === "python") {
      expect((await shell([join(bin, "python"), "-c", block.lines.join("\n")])).trim()).not.toBe("");
    }
    if (block.language !== "sh") return;
    for (const line of commandsOf(block)) {
      const [program = "", ...args] = line.split(" ");
      if (program === "kustomer-sync") expect((await run(args, { cwd: folder.path })).code).toBe(0);
      if (program === "pip") await shell([join(bin, "pip"), "--quiet", ...args]);
      // Asked for one page instead of served.
      if (program === "datasette") {
        const page = JSON.parse(await shell([join(bin, program), ...args, "--get", "/-/databases.json"]));
        expect(JSON.stringify(page)).toContain('"is_mutable": false'.replace(": ", ":"));
      }
    }
  }, 300_000);
}
