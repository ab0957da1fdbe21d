/** The program in GitHub Actions: what it tells the job, and what is data all the same. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { KEY, run, temporaryFolder } from "./program.ts";
import { FAST, startLocalSandbox } from "./relay.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
let count = 0;

/** A runner's folder, and what its steps are told and tell. */
function runner() {
  const cwd = join(folder.path, `runner ${++count}`);
  mkdirSync(cwd);
  const [summary, outputs] = [join(cwd, "summary.md"), join(cwd, "outputs")];
  return {
    cwd,
    env: { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary, GITHUB_OUTPUT: outputs },
    summary: () => readFileSync(summary, "utf8"),
    outputs: () =>
      Object.fromEntries(
        readFileSync(outputs, "utf8")
          .trim()
          .split("\n")
          .map((line) => line.split("=")),
      ),
  };
}

describe("in GitHub Actions", () => {
  test("a sync says whether the cache was empty, and leaves a summary and outputs", async () => {
    await using sandbox = await startLocalSandbox({ rows: 600 });
    const { cwd, env, summary, outputs } = runner();
    const sync = () => run(["sync", ...FAST], { cwd, env: { ...env, ...sandbox.env } });
    const first = await sync();
    const empty = "there was no file ./kustomer.db, so the cache was empty and this is a full read";
    expect([first.code, first.stderr]).toEqual([0, expect.stringContaining(empty)]);
    expect(first.stdout).not.toContain("::");
    expect(summary()).toMatch(/^### kustomer-sync sync: done\n\n\| stream \| status \|/);
    expect(summary()).toContain(empty);
    expect(outputs()).toMatchObject({
      status: "done",
      complete: "true",
      "full-read": "true",
      deleted: expect.any(String),
    });
    expect(Number(outputs().written)).toBeGreaterThan(500);
    const second = await sync();
    expect(second.stderr).toContain("there was a file ./kustomer.db, and this run goes on from it");
    expect(outputs()).toMatchObject({ written: "0", "full-read": "false" });
    expect(summary().match(/^### /gm)).toHaveLength(2);
    expect(summary() + JSON.stringify(outputs())).not.toContain(KEY);
  });

  test("a stream that was skipped and an error that ends it are annotations, but not where stdout is data", async () => {
    await using sandbox = await startLocalSandbox({ rows: 600, withoutRole: ["notes"] });
    const { cwd, env, summary } = runner();
    const sync = (...args: string[]) =>
      run(["sync", ...args, ...FAST], { cwd, env: { ...env, ...sandbox.env } });
    const { code, stdout } = await sync();
    expect([code, stdout]).toEqual([
      6,
      expect.stringMatching(/^::warning title=notes%3A skipped::.*Missing role.*%0A {2}try: /m),
    ]);
    expect(summary()).toMatch(/\*\*notes: skipped\*\*: .*org\.permission\.note\.read/);
    const json = await sync("--json");
    expect([json.code, (JSON.parse(json.stdout) as { status: string }).status]).toEqual([6, "partial"]);
    const wrong = await run(["sync", ...FAST], {
      cwd,
      env: { ...env, ...sandbox.env, KUSTOMER_API_KEY: "no" },
    });
    expect([wrong.code, wrong.stdout]).toEqual([
      3,
      expect.stringMatching(/^::error title=kustomer-sync sync::/m),
    ]);
    const usage = await run(["export", "--format", "xml"], { cwd, env });
    expect([usage.code, usage.stdout]).toEqual([
      2,
      expect.stringMatching(/^::error title=kustomer-sync export::--format/m),
    ]);
    const data = await run(["export", "tags", "--stdout", "--format", "xml"], { cwd, env });
    expect([data.code, data.stdout]).toEqual([2, ""]);
  });

  test("an export, a snapshot and a verify leave theirs, and data on stdout is data alone", async () => {
    await using sandbox = await startLocalSandbox({ rows: 600 });
    const { cwd, env, summary, outputs } = runner();
    const all = { ...env, ...sandbox.env };
    expect((await run(["sync", "--quiet", ...FAST], { cwd, env: all })).code).toBe(0);
    expect((await run(["export", "--out", "out"], { cwd, env: all })).code).toBe(0);
    expect(outputs()).toMatchObject({
      out: "out",
      rows: expect.stringMatching(/^\d+$/),
      bytes: expect.any(String),
    });
    expect((await run(["snapshot", "copy.db"], { cwd, env: all })).code).toBe(0);
    const sha256 = new Bun.CryptoHasher("sha256").update(readFileSync(join(cwd, "copy.db"))).digest("hex");
    expect(outputs()).toMatchObject({ path: "copy.db", sha256 });
    expect((await run(["verify", ...FAST], { cwd, env: all })).code).toBe(0);
    expect(outputs()).toMatchObject({ missing: "0", stale: "0", extra: "0" });
    expect(summary().match(/^### .*/gm)).toEqual([
      "### kustomer-sync sync: done",
      "### kustomer-sync export: out",
      "### kustomer-sync snapshot: copy.db",
      "### kustomer-sync verify",
    ]);
    const { stdout } = await run(["export", "tags", "--stdout"], { cwd, env: all });
    expect(stdout).toStartWith("id,");
  });

  test("a summary that cannot be written costs a warning, and nothing else", async () => {
    await using sandbox = await startLocalSandbox({ rows: 300 });
    const { cwd, env } = runner();
    const broken = { ...env, GITHUB_STEP_SUMMARY: join(cwd, "no/such/folder"), ...sandbox.env };
    const { code, stderr } = await run(["sync", ...FAST], { cwd, env: broken });
    expect([code, stderr]).toEqual([0, expect.stringContaining("warn: GITHUB_STEP_SUMMARY: ")]);
  });
});
