/**
 * The program in GitHub Actions, and the workflow that docs/ offers: its commands exist, and its steps, run one after
 * the other as the runner would, publish what they say.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { COMMANDS } from "../../src/cli/index.ts";
import { parseCommandLine } from "../../src/cli/parse.ts";
import { KEY, PROGRAM, run, temporaryFolder } from "./program.ts";
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

type Step = {
  readonly name: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Record<string, string>;
  readonly if?: string;
  readonly with?: Record<string, string>;
};

const text = readFileSync(join(import.meta.dir, "../../docs/nightly-sync.yml"), "utf8");
const workflow = parse(text) as {
  permissions: Record<string, string>;
  env: Record<string, string>;
  jobs: Record<string, { steps: Step[] }>;
};
const { steps } = workflow.jobs.sync!;

describe("docs/nightly-sync.yml", () => {
  test("asks for nothing that it does not need, and gives the key to one step, by its environment", () => {
    expect(workflow.permissions).toEqual({ contents: "read" });
    const keyed = steps.filter((step) => JSON.stringify(step).includes("secrets."));
    expect(keyed.map(({ name, env }) => [name, env])).toEqual([
      ["Sync", { KUSTOMER_API_KEY: expect.stringMatching(/^\$\{\{ secrets\.KUSTOMER_API_KEY \}\}$/) }],
    ]);
    expect(keyed[0]!.run).not.toContain("${{");
    for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/^actions\/[\w/-]+@v\d+$/);
  });

  test("keeps under the name that it looks for", () => {
    const [restore, save] = ["restore", "save"].map(
      (what) => steps.find(({ uses }) => uses?.startsWith(`actions/cache/${what}`))!.with!,
    );
    expect([restore!.path, restore!.key]).toEqual([save!.path, save!.key]);
    expect(restore!.key).toStartWith(restore!["restore-keys"]!);
  });

  const lines = steps.flatMap(({ run = "" }) => [
    ...run.matchAll(/kustomer-sync (?!releases)([a-z]+ .*)$/gm),
  ]);
  test.each(lines.map(([, line]) => line!.replace(/ \|\|.*/, "").trim()))(
    "types what exists: %s",
    async (line) => {
      const [name, ...words] = line.split(" ");
      const command = await COMMANDS[name!]!();
      expect(() => parseCommandLine(command, words, workflow.env)).not.toThrow();
    },
  );

  const nights: [string, string[]][] = [
    ["a good night", []],
    ["a night without a role", ["notes"]],
  ];
  for (const [night, withoutRole] of nights) {
    test(`${night}: its steps publish a copy and an export, and end as they should`, async () => {
      await using sandbox = await startLocalSandbox({ rows: 600, rpm: 1e6, searchRpm: 1e6, withoutRole });
      const { cwd, env, outputs, summary } = runner();
      const bin = join(cwd, "bin");
      mkdirSync(bin);
      const program = PROGRAM.map((word) => `'${word}'`).join(" ");
      writeFileSync(join(bin, "kustomer-sync"), `#!/bin/sh\nexec ${program} "$@"\n`);
      chmodSync(join(bin, "kustomer-sync"), 0o755);
      const { KUSTOMER_ORG: _, ...named } = workflow.env;
      const codes: Record<string, number | null> = {};
      for (const step of steps) {
        if (step.run === undefined || step.name.startsWith("Install")) continue;
        if (step.if?.includes("steps.sync.outputs.code") && outputs().code !== "6") continue;
        const child = Bun.spawn(["bash", "-e", "-o", "pipefail", "-c", step.run], {
          cwd,
          env: {
            ...env,
            ...named,
            HOME: cwd,
            PATH: `${bin}:${process.env.PATH}`,
            KUSTOMER_API_URL: sandbox.env.KUSTOMER_API_URL!,
            // What the step is given, with the secret in its place.
            ...(step.env === undefined ? {} : { KUSTOMER_API_KEY: KEY }),
          },
          stdout: "pipe",
          stderr: "pipe",
        });
        codes[step.name] = await child.exited;
      }
      const isGood = withoutRole.length === 0;
      expect(codes).toEqual({
        Sync: 0,
        "Copy the file in one piece": 0,
        Export: 0,
        ...(isGood ? {} : { "Say that streams are missing": 6 }),
      });
      expect(existsSync(join(cwd, "publish/kustomer.db"))).toBe(true);
      expect(readdirSync(join(cwd, "publish/parquet"))).toContain("messages.parquet");
      expect(summary()).toContain(isGood ? "sync: done" : "sync: partial");
    }, 60_000);
  }
});
