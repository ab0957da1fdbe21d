/** The workflows run what exists, may do no more than they must, and publish what was tried and nothing else. */
import { describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import manifest from "../../package.json" with { type: "json" };
import { TARGETS } from "../../scripts/release/targets.ts";

const root = join(import.meta.dir, "../..");

type Step = {
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Record<string, string>;
  readonly with?: Record<string, string | number>;
};

type Job = {
  readonly permissions?: Record<string, string>;
  readonly needs?: string[];
  readonly "timeout-minutes"?: number;
  readonly strategy?: { readonly matrix: { readonly os: string[] } };
  readonly steps: Step[];
};

type Workflow = {
  readonly on: Record<string, unknown>;
  readonly permissions: Record<string, string>;
  readonly jobs: Record<string, Job>;
};

const place = join(root, ".github/workflows");
const texts = new Map(readdirSync(place).map((name) => [name, readFileSync(join(place, name), "utf8")]));
const workflows = [...texts].map(([name, text]) => [name, parse(text) as Workflow] as const);
const { jobs, on } = workflows.find(([name]) => name === "release.yml")![1];
const { make, try: trial, publish } = jobs as Record<"make" | "try" | "publish", Job>;
const runs = ({ steps }: Job) => steps.flatMap(({ run }) => run ?? []);

describe.each(workflows)("%s", (name, workflow) => {
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  test("runs scripts that exist, with the Bun that is pinned, and actions of a version", () => {
    const pinned = `npx -y ${manifest.packageManager} `;
    for (const { uses, run = "" } of steps) {
      if (uses !== undefined) expect(uses).toMatch(/^actions\/[\w-]+@v\d+$/);
      for (const [bun] of run.matchAll(/bun@\S+/g)) expect(bun).toBe(manifest.packageManager);
      for (const [script] of run.matchAll(/scripts\/\S+\.ts/g)) {
        expect(existsSync(join(root, script))).toBe(true);
      }
      if (run === "" || run.startsWith("gh ")) continue;
      for (const line of run.trim().split("\n")) {
        expect(line).toStartWith(pinned);
        const script = /^run (\S+)/.exec(line.slice(pinned.length))?.[1];
        if (script !== undefined) expect(Object.keys(manifest.scripts)).toContain(script);
      }
    }
  });

  test("may read, does not run for ever, and takes no text of others into a shell", () => {
    expect(workflow.permissions).toEqual({ contents: "read" });
    expect(Object.keys(workflow.on)).not.toContain("pull_request_target");
    for (const job of Object.values(workflow.jobs)) expect(job["timeout-minutes"]).toBeGreaterThan(0);
    for (const { run = "" } of steps) expect(run).not.toContain("${{");
  });

  test("gives a token to the job that publishes, and to no other", () => {
    const allowed = name === "release.yml" ? ["publish"] : [];
    const writers = Object.entries(workflow.jobs).filter(([, job]) => job.permissions !== undefined);
    expect(writers.map(([job]) => job)).toEqual(allowed);
    const holders = Object.entries(workflow.jobs).filter(([, job]) =>
      /token|secrets\./i.test(JSON.stringify(job)),
    );
    expect(holders.map(([job]) => job)).toEqual(allowed);
  });
});

test("what is checked is what CI checks, on Linux and macOS", () => {
  const check = workflows.find(([name]) => name === "check.yml")![1];
  expect(Object.keys(check.on)).toEqual(["push", "pull_request"]);
  expect(Object.values(check.jobs).map((job) => [job.strategy?.matrix.os, runs(job)])).toEqual([
    [["ubuntu-latest", "macos-latest"], [`npx -y ${manifest.packageManager} run check`]],
  ]);
});

describe("a tag", () => {
  test("is looked at before anything is made of it", () => {
    expect(on).toEqual({ push: { tags: ["v*"] } });
    expect(runs(make)[0]).toEndWith('run release --check-tag "$GITHUB_REF_NAME"');
  });

  test("is published after what was made was tried on every system that there is a machine of", () => {
    expect([trial.needs, publish.needs]).toEqual([["make"], ["make", "try"]]);
    expect(trial.strategy?.matrix.os).toEqual([
      "ubuntu-latest",
      "ubuntu-24.04-arm",
      "macos-latest",
      "macos-15-intel",
      "windows-latest",
    ]);
    expect(runs(trial)).toEqual([`npx -y ${manifest.packageManager} run release --try`]);
  });

  test("hands on what was made under the name and to the folder that it has", () => {
    const of = (job: Job, action: string) =>
      job.steps
        .filter(({ uses = "" }) => uses.startsWith(`actions/${action}@`))
        .map((step) => [step.with?.name, step.with?.path]);
    const release = ["release", "dist/release"];
    expect(of(make, "upload-artifact")).toEqual([release, ["notes", "notes.md"]]);
    expect(of(trial, "download-artifact")).toEqual([release]);
    expect(of(publish, "download-artifact")).toEqual([release, ["notes", undefined]]);
  });

  test("lets the job that may write run gh, and nothing else of ours or of packages", () => {
    expect(publish.permissions).toEqual({ contents: "write" });
    expect(publish.steps.map(({ uses, run }) => uses ?? run?.split(" ")[0])).toEqual([
      "actions/download-artifact@v4",
      "actions/download-artifact@v4",
      "gh",
    ]);
  });

  test("becomes a release of all files, with the notes", () => {
    const folder = mkdtempSync(join(tmpdir(), "kustomer-sync-publish-"));
    try {
      mkdirSync(join(folder, "dist/release"), { recursive: true });
      const names = [...TARGETS.map(({ archive }) => archive), "SHA256SUMS", "install.sh"];
      for (const name of names) writeFileSync(join(folder, "dist/release", name), "");
      writeFileSync(join(folder, "gh"), `#!/bin/sh\nprintf '%s\\n' "$@"\n`, { mode: 0o755 });
      const env = { PATH: `${folder}:${process.env.PATH}`, GITHUB_REF_NAME: "v1.2.3" };
      const { stdout } = Bun.spawnSync(["bash", "-e", "-c", runs(publish)[0]!], { cwd: folder, env });
      const [release, create, tag, ...rest] = stdout.toString().trim().split("\n");
      expect([release, create, tag]).toEqual(["release", "create", "v1.2.3"]);
      const options = ["--verify-tag", "--title", "v1.2.3", "--notes-file", "notes.md"];
      expect(rest.toSorted()).toEqual(
        [...options, ...names.map((name) => `dist/release/${name}`)].toSorted(),
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
