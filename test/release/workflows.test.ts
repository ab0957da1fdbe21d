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
  readonly with?: Record<string, string | number | boolean>;
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
const { make, try: trial, attest, publish } = jobs as Record<"make" | "try" | "attest" | "publish", Job>;
const alpine = jobs["try-alpine"]!;
const runs = ({ steps }: Job) => steps.flatMap(({ run }) => run ?? []);

/** The actions of GitHub that a text uses, as it names them. */
const actionsOf = (text: string) =>
  [...text.matchAll(/^ *(?:#.*)?(?:- )?uses: *(.*)$/gm)].map(([, uses]) => uses!);

test("an action is one commit, which nobody can put another in the place of, and it is the same everywhere", () => {
  const nightly = readFileSync(join(root, "docs/nightly-sync.yml"), "utf8");
  const all = [...texts.values(), nightly].flatMap(actionsOf);
  expect(all.length).toBeGreaterThan(10);
  const pins = new Map<string, Set<string>>();
  for (const uses of all) {
    const [, action = "", pin = ""] =
      /^(actions\/[\w-]+)[\w/-]*@([0-9a-f]{40} # v\d+\.\d+\.\d+)$/.exec(uses) ?? [];
    expect([uses, action]).toEqual([uses, expect.stringMatching(/./)]);
    pins.set(action, (pins.get(action) ?? new Set()).add(pin));
  }
  for (const [action, each] of pins) expect([action, ...each]).toHaveLength(2);
});

describe.each(workflows)("%s", (name, workflow) => {
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  test("runs scripts that exist, with the Bun that is pinned", () => {
    const pinned = `npx -y ${manifest.packageManager} `;
    for (const { run = "" } of steps) {
      for (const [bun] of run.matchAll(/bun@\S+/g)) expect(bun).toBe(manifest.packageManager);
      for (const [script] of run.matchAll(/scripts\/\S+\.ts/g)) {
        expect(existsSync(join(root, script))).toBe(true);
      }
      if (run === "" || run.startsWith("gh ")) continue;
      const inside = /^docker run .* sh -c 'apk add --no-cache [a-z+ ]+ && (.*)'$/.exec(run.trim())?.[1];
      for (const line of (inside ?? run).trim().split("\n")) {
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

  test("gives rights to the jobs that sign and publish, and to no other", () => {
    const allowed: Record<string, Record<string, string>> = name === "release.yml"
      ? { attest: { "id-token": "write", attestations: "write" }, publish: { contents: "write" } }
      : {};
    const writers = Object.entries(workflow.jobs).filter(([, job]) => job.permissions !== undefined);
    expect(Object.fromEntries(writers.map(([job, { permissions }]) => [job, permissions]))).toEqual(allowed);
    const holders = Object.entries(workflow.jobs).filter(([, { permissions: _, ...job }]) =>
      /token|secrets\./i.test(JSON.stringify(job)),
    );
    expect(holders.map(([job]) => job)).toEqual(name === "release.yml" ? ["publish"] : []);
  });

  test("leaves no token in a clone, and takes nothing from a cache", () => {
    for (const { uses = "", with: inputs } of steps) {
      if (uses.startsWith("actions/checkout@")) expect(inputs).toEqual({ "persist-credentials": false });
      if (uses.startsWith("actions/setup-node@"))
        expect(inputs).toMatchObject({ "package-manager-cache": false });
      expect(uses).not.toStartWith("actions/cache");
    }
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
    const needs = Object.entries(jobs).map(([name, job]) => [name, job.needs]);
    expect(Object.fromEntries(needs)).toEqual({
      make: undefined,
      try: ["make"],
      "try-alpine": ["make"],
      attest: ["make", "try", "try-alpine"],
      publish: ["make", "attest"],
    });
    expect(trial.strategy?.matrix.os).toEqual([
      "ubuntu-latest",
      "ubuntu-24.04-arm",
      "macos-latest",
      "macos-15-intel",
      "windows-latest",
    ]);
    const command = `npx -y ${manifest.packageManager} run release --try`;
    expect(runs(trial)).toEqual([command]);
    // Where JavaScript actions cannot run in the job's own container.
    expect(alpine.strategy?.matrix.os).toEqual(["ubuntu-latest", "ubuntu-24.04-arm"]);
    expect(runs(alpine)).toEqual([
      expect.stringMatching(
        /^docker run --rm --volume "\$PWD:\/work" --workdir \/work alpine:\d+\.\d+ sh -c /,
      ),
    ]);
    expect(runs(alpine)[0]).toEndWith(`'apk add --no-cache nodejs npm libstdc++ && ${command}'`);
  });

  test("hands on what was made under the name and to the folder that it has", () => {
    const of = (job: Job, action: string) =>
      job.steps
        .filter(({ uses = "" }) => uses.startsWith(`actions/${action}@`))
        .map((step) => [step.with?.name, step.with?.path]);
    const release = ["release", "dist/release"];
    expect(of(make, "upload-artifact")).toEqual([release, ["notes", "notes.md"]]);
    for (const job of [trial, alpine, attest]) expect(of(job, "download-artifact")).toEqual([release]);
    expect(of(publish, "download-artifact")).toEqual([release, ["notes", undefined]]);
  });

  test("is signed as made here, all that is published of it", () => {
    const signed = attest.steps.find(({ uses }) => uses?.startsWith("actions/attest-build-provenance@"));
    expect(signed?.with).toEqual({ "subject-path": "dist/release/*" });
    expect(runs(publish)[0]).toEndWith(" dist/release/*");
  });

  test("lets the jobs that may write run what is GitHub's, and nothing of ours or of packages", () => {
    const actions = (job: Job) => job.steps.map(({ uses, run }) => (uses ?? run!).split(/[@ ]/)[0]);
    expect(actions(attest)).toEqual(["actions/download-artifact", "actions/attest-build-provenance"]);
    expect(actions(publish)).toEqual(["actions/download-artifact", "actions/download-artifact", "gh"]);
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
