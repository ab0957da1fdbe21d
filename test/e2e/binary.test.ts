/** The compiled binary works where a user runs it: in an empty folder, or one that means harm. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./program.ts";

const folder = temporaryFolder();
const outfile = join(folder.path, "build", "kustomer-sync");
const hostile = join(folder.path, "hostile");

async function binary(args: string[], cwd: string) {
  const env = { PATH: "/usr/bin:/bin", HOME: folder.path };
  const process = Bun.spawn([outfile, ...args], {
    cwd,
    env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([
    new Response(process.stdout).text(),
    new Response(process.stderr).text(),
  ]);
  return { code: await process.exited, stdout, stderr };
}

beforeAll(async () => {
  const build = Bun.spawn([process.execPath, "scripts/build.ts", "--outfile", outfile], {
    cwd: join(import.meta.dir, "../.."),
    stdout: "pipe",
    stderr: "pipe",
  });
  if ((await build.exited) !== 0) throw new Error(await new Response(build.stderr).text());
  mkdirSync(hostile);
  writeFileSync(
    join(hostile, ".env"),
    "KUSTOMER_API_KEY=stolen\nKUSTOMER_SYNC_DB=elsewhere.db\nKUSTOMER_ORG=evil\n",
  );
  writeFileSync(join(hostile, "bunfig.toml"), 'preload = ["./evil.ts"]\n');
  writeFileSync(join(hostile, "evil.ts"), 'require("node:fs").writeFileSync("harmed", "");\n');
}, 60_000);
afterAll(folder.remove);

describe("the binary", () => {
  test("tells its version and what it is made of", async () => {
    const { stdout } = await binary(["--version", "--json"], folder.path);
    const { version } = await Bun.file(join(import.meta.dir, "../../package.json")).json();
    expect(JSON.parse(stdout)).toMatchObject({
      version,
      bun: Bun.version,
      sqlite: expect.stringMatching(/^3\./),
    });
  });

  test("runs the whole demo in a folder whose .env and bunfig.toml mean harm, and reads neither", async () => {
    const { code, stdout } = await binary(["demo", "--json", "--rows", "1000"], hostile);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).db).toBe("./demo.db");
    const { stderr } = await binary(["sync"], hostile);
    expect(stderr).toContain("which Kustomer account to read was not given");
    expect(readdirSync(hostile).sort()).toEqual([".env", "bunfig.toml", "demo.db", "evil.ts"]);
  }, 60_000);

  test("has stacks with our file names, and its help", async () => {
    expect((await binary(["--help"], folder.path)).stdout).toContain("kustomer-sync demo");
  });
});
