/**
 * The workflow that docs/ offers: its commands exist, and its steps, run one after the other as the runner would, keep
 * and publish what they say, on good nights and on others.
 */
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import manifest from "../../package.json" with { type: "json" };
import { COMMANDS } from "../../src/cli/index.ts";
import { parseCommandLine } from "../../src/cli/parse.ts";
import { held, KEY, PROGRAM, temporaryFolder } from "./program.ts";
import { relay, startLocalSandbox } from "./relay.ts";
import { type Cache, type Run, runJob, type Workflow } from "./workflow.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
let count = 0;

const text = readFileSync(join(import.meta.dir, "../../docs/nightly-sync.yml"), "utf8");
const workflow = parse(text) as Workflow;
const { sync, forget } = workflow.jobs as Record<"sync" | "forget", Workflow["jobs"][string]>;
const INSTALL = "Install kustomer-sync";
const SUNDAY = workflow.on.schedule.find(({ cron }) => cron.endsWith(" 0"))!.cron;
const PASSPHRASE = "as long as it takes";

/** The workflow as its own comment says to change it, so that nothing is kept that can be read. */
const encrypted = parse(
  text
    .replace(/^ {6}# - name: .*\n(?: {6}# {3}.*\n)+/gm, (step) => step.replace(/^ {6}# /gm, "      "))
    .replace(/^ +path: .*\n(?: {12}.*\n)*( +)# path: (.*)\n/gm, "$1path: $2\n"),
) as Workflow;

/** A runner's empty folder, with commands of ours before those of the machine. */
function runner(commands: Record<string, string> = {}) {
  const cwd = join(folder.path, `runner ${++count}`);
  const bin = `${cwd} commands`;
  for (const each of [cwd, bin]) mkdirSync(each);
  const program = PROGRAM.map((word) => `'${word}'`).join(" ");
  const all = { "kustomer-sync": `echo $PPID >'${bin}/parent'\nexec ${program} "$@"`, ...commands };
  for (const [name, body] of Object.entries(all)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  }
  return { cwd, env: { PATH: `${bin}:${process.env.PATH}` }, parent: join(bin, "parent") };
}

type Night = {
  readonly url: string;
  readonly cache: Cache;
  readonly of?: Workflow;
  readonly schedule?: string;
  readonly at?: ReturnType<typeof runner>;
};

async function night({
  url,
  cache,
  of = workflow,
  schedule,
  at = runner(),
}: Night): Promise<Run & { cwd: string }> {
  const { KUSTOMER_ORG: _, ...named } = of.env;
  const ran = await runJob(of.jobs.sync!, {
    cwd: at.cwd,
    env: { ...named, ...at.env, KUSTOMER_API_URL: url },
    secrets: { KUSTOMER_API_KEY: KEY, KUSTOMER_SYNC_PASSPHRASE: PASSPHRASE },
    cache,
    without: [INSTALL],
    ...(schedule === undefined ? {} : { schedule }),
  });
  return { ...ran, cwd: at.cwd };
}

/** The steps that came to something else than success, but for those that only speak where something is wrong. */
function unlike(outcomes: Run["outcomes"]): Record<string, string> {
  const told = Object.entries(outcomes).filter(
    ([name, outcome]) => outcome !== (name.startsWith("Say ") ? "skipped" : "success"),
  );
  return Object.fromEntries(told);
}

const VERIFY = "Verify, on Sundays";

describe("docs/nightly-sync.yml", () => {
  test("gives a token to the job that forgets alone, the key to two steps, by their environment", () => {
    expect(workflow.permissions).toEqual({});
    const permissions = Object.entries(workflow.jobs).map(([name, job]) => [name, job.permissions]);
    expect(Object.fromEntries(permissions)).toEqual({ sync: undefined, forget: { actions: "write" } });
    const keyed = sync.steps.filter((step) => JSON.stringify(step).includes("secrets."));
    const key = expect.stringMatching(/^\$\{\{ secrets\.KUSTOMER_API_KEY \}\}$/);
    expect(keyed.map(({ name, env }) => [name, env?.KUSTOMER_API_KEY])).toEqual([
      ["Sync", key],
      [VERIFY, key],
    ]);
    expect(JSON.stringify(sync)).not.toContain("github.token");
    for (const { steps } of Object.values(workflow.jobs)) {
      for (const { run = "" } of steps) expect(run).not.toContain("${{");
    }
  });

  test("keeps under the name that it looks for, and fails where there is nothing to publish", () => {
    for (const { jobs } of [workflow, encrypted]) {
      const { steps } = jobs.sync!;
      const [restore, save] = ["restore", "save"].map(
        (what) => steps.find(({ uses }) => uses?.startsWith(`actions/cache/${what}@`))!.with!,
      );
      expect([restore!.path, restore!.key]).toEqual([save!.path, save!.key]);
      expect(restore!.key).toStartWith(restore!["restore-keys"]!);
      const upload = steps.find(({ uses }) => uses?.startsWith("actions/upload-artifact@"))!;
      expect(upload.with).toMatchObject({ "if-no-files-found": "error" });
    }
    expect(forget.steps[0]!.run).toContain(` --key kustomer-sync- `);
  });

  test("leaves time for all steps, and stops a command before GitHub ends its step", () => {
    const limited = sync.steps.filter((step) => step["timeout-minutes"] !== undefined);
    expect(limited.map(({ name }) => name)).toEqual(["Sync", VERIFY]);
    for (const { env, run, ...step } of limited) {
      expect(run).toContain('timeout --foreground --signal=INT --kill-after=2m "$TIME" kustomer-sync');
      expect(Number.parseInt(env!.TIME!, 10) + 2).toBeLessThan(step["timeout-minutes"]!);
    }
    const sum = limited.reduce((minutes, step) => minutes + step["timeout-minutes"]!, 0);
    expect(sum + 20).toBeLessThan(sync["timeout-minutes"]!);
    // GitHub's own end of a job.
    expect(sync["timeout-minutes"]).toBeLessThan(360);
  });

  const lines = sync.steps.flatMap(({ run = "" }) => [...run.matchAll(/kustomer-sync ([a-z]+ .*)$/gm)]);
  test.each(lines.map(([, line]) => line!.replace(/ \|\|.*/, "").trim()))(
    "types what exists: %s",
    async (line) => {
      const [name, ...words] = line.split(" ");
      const command = await COMMANDS[name!]!();
      expect(() => parseCommandLine(command, words, workflow.env)).not.toThrow();
    },
  );

  test("installs this version with the installer of this version", async () => {
    const { cwd, env } = runner({
      curl: `for last; do [ "$before" != -o ] || out=$last; before=$last; done; echo "$last" >>"$HOME/asked"
        case "$last" in */install.sh) cp '${join(import.meta.dir, "../../install.sh")}' "$out" ;; *) exit 22 ;; esac`,
    });
    const step = sync.steps.find(({ name }) => name === INSTALL)!;
    const { outcomes } = await runJob({ steps: [step] }, { cwd, env, secrets: {}, cache: [] });
    expect(outcomes).toEqual({ [INSTALL]: "failure" });
    const release = `https://github.com/kustomer-sync/kustomer-sync/releases/download/v${manifest.version}`;
    expect(readFileSync(join(cwd, "asked"), "utf8")).toBe(`${release}/install.sh\n${release}/SHA256SUMS\n`);
  });
});

/** The runner is Ubuntu; elsewhere `timeout`, `tar` and `openssl` are others, or are not there. */
const hasTools = process.platform === "linux" && ["timeout", "tar"].every((tool) => Bun.which(tool) !== null);

/** Takes three customers of a file back to an older version; returns their ids. */
function makeStale(db: string): string[] {
  const file = new Database(db);
  try {
    const older = `UPDATE customers SET updated_at = substr(updated_at, 1, 20) || '000Z', name = 'stale'
      WHERE id IN (SELECT id FROM customers WHERE updated_at NOT LIKE '%.000Z' ORDER BY updated_at LIMIT 3)
      RETURNING id`;
    return file
      .query<{ id: string }, []>(older)
      .all()
      .map(({ id }) => id);
  } finally {
    file.close();
  }
}

describe.skipIf(!hasTools)("a night", () => {
  test("publishes a copy and an export, and the next goes on from it", async () => {
    await using sandbox = await startLocalSandbox({ rows: 600 });
    const cache: Cache = [];
    const url = sandbox.env.KUSTOMER_API_URL!;
    const first = await night({ url, cache });
    expect(unlike(first.outcomes)).toEqual({ [VERIFY]: "skipped" });
    expect(first.summary).toContain("sync: done");
    expect(first.outputs.sync).toMatchObject({ code: "0", "full-read": "true" });
    const published = join(first.cwd, "artifact/publish");
    expect(readdirSync(published).sort()).toEqual(["kustomer.db", "parquet"]);
    expect(readdirSync(join(published, "parquet"))).toContain("messages.parquet");
    const second = await night({ url, cache });
    expect(second.outputs.sync).toMatchObject({ code: "0", "full-read": "false", written: "0" });
    expect(cache).toHaveLength(2);
  }, 180_000);

  test("without a role publishes what there is, and says at its end that it is not all", async () => {
    await using sandbox = await startLocalSandbox({ rows: 600, withoutRole: ["notes"] });
    const ran = await night({ url: sandbox.env.KUSTOMER_API_URL!, cache: [] });
    expect(unlike(ran.outcomes)).toEqual({ [VERIFY]: "skipped", "Say that streams are missing": "failure" });
    expect(readdirSync(join(ran.cwd, "artifact/publish"))).toContain("kustomer.db");
    expect(ran.summary).toContain("sync: partial");
  }, 180_000);

  test("that is a Sunday's mends what no sync can see, before it is kept", async () => {
    await using sandbox = await startLocalSandbox({ rows: 600 });
    const [url, cache]: [string, Cache] = [sandbox.env.KUSTOMER_API_URL!, []];
    await night({ url, cache });
    // As many rows as Kustomer has, at about the times that it has them: only their comparison tells.
    const stale = makeStale(join(cache[0]!.folder, "kustomer.db"));
    expect(stale).toHaveLength(3);
    const sunday = await night({ url, cache, schedule: SUNDAY });
    expect(unlike(sunday.outcomes)).toEqual({});
    expect(sunday.outputs.verify).toMatchObject({ code: "0", stale: "3", repaired: "3" });
    const monday = await night({ url, cache });
    const truth = [...(await sandbox.truth("customers"))]
      .map(({ id, updatedAt, deleted }) => ({ id, updatedAt, deleted }))
      .toSorted((one, other) => (one.id < other.id ? -1 : 1));
    expect(held(join(monday.cwd, "kustomer.db"), "customers")).toEqual(truth);
  }, 180_000);

  test("that is a Sunday's publishes also where not all could be compared, and says so", async () => {
    await using sandbox = await startLocalSandbox({ rows: 600, withoutRole: ["notes"] });
    const url = sandbox.env.KUSTOMER_API_URL!;
    const ran = await night({
      url,
      cache: [],
      schedule: SUNDAY,
      at: runner({ "kustomer-sync": verifyEnds(6) }),
    });
    expect(unlike(ran.outcomes)).toEqual({ "Say that not all was compared, or not all mended": "failure" });
    expect(ran.said).toContain("the verify ended 6");
  });

  test("that runs out of time keeps what came, and the next goes on from it", async () => {
    await using sandbox = await startLocalSandbox({ rows: 600 });
    const hung = Promise.withResolvers<void>();
    await using slow = relay(sandbox.env.KUSTOMER_API_URL!, (_, nth) => {
      if (nth < 12) return null;
      hung.resolve();
      return new Promise<Response>(() => {});
    });
    const cache: Cache = [];
    const at = runner();
    const ending = night({ url: slow.url, cache, at });
    await hung.promise;
    // What an alarm clock does to `timeout`, at the end of its time.
    process.kill(Number(readFileSync(at.parent, "utf8")), "SIGALRM");
    const ran = await ending;
    expect(unlike(ran.outcomes)).toEqual({
      Sync: "failure",
      [VERIFY]: "skipped",
      "Copy the file in one piece": "skipped",
      Export: "skipped",
      Publish: "skipped",
    });
    expect(ran.outputs.sync).toMatchObject({ code: "124", status: "interrupted" });
    expect(ran.said).toContain("::error::out of time");
    expect(cache).toHaveLength(1);
    const next = await night({ url: sandbox.env.KUSTOMER_API_URL!, cache });
    expect(next.outputs.sync).toMatchObject({ code: "0", "full-read": "false" });
    expect(await sandbox.differences(join(next.cwd, "kustomer.db"))).toEqual({});
  }, 180_000);
});

/** A program of which only the verify ends otherwise. */
function verifyEnds(code: number): string {
  return `case "$1" in
    verify) exit ${code} ;;
    sync) : >kustomer.db ;;
    *) mkdir -p publish && : >publish/kustomer.db ;;
  esac`;
}

describe.skipIf(!hasTools || Bun.which("openssl") === null)("a night that encrypts", () => {
  test("keeps and publishes nothing that can be read, goes on from it, and can be read back as is told", async () => {
    await using sandbox = await startLocalSandbox({ rows: 600 });
    const [url, cache]: [string, Cache] = [sandbox.env.KUSTOMER_API_URL!, []];
    const first = await night({ url, cache, of: encrypted });
    expect(unlike(first.outcomes)).toEqual({ [VERIFY]: "skipped" });
    const artifact = join(first.cwd, "artifact");
    for (const [place, name] of [
      [cache[0]!.folder, "kustomer.db.enc"],
      [artifact, "publish.enc"],
    ] as const) {
      expect(readdirSync(place)).toEqual([name]);
      expect(readFileSync(join(place, name)).includes("conversations")).toBe(false);
    }
    const second = await night({ url, cache, of: encrypted });
    expect(second.outputs.sync).toMatchObject({ code: "0", "full-read": "false", written: "0" });

    const told = /^ *# +(openssl enc -d .*\| tar -x)$/m.exec(text)![1]!;
    const readme = readFileSync(join(import.meta.dir, "../../README.md"), "utf8");
    expect(readme).toContain(told);
    const read = (passphrase: string) => {
      const cwd = runner().cwd;
      copyFileSync(join(artifact, "publish.enc"), join(cwd, "publish.enc"));
      // Where it would ask for the passphrase.
      const typed = told.replace(" -in", " -pass env:PASSPHRASE -in");
      const { exitCode } = Bun.spawnSync(["bash", "-o", "pipefail", "-c", typed], {
        cwd,
        env: { PATH: process.env.PATH!, PASSPHRASE: passphrase },
        stderr: "ignore",
      });
      return { exitCode, cwd };
    };
    const right = read(PASSPHRASE);
    expect(right.exitCode).toBe(0);
    expect(readFileSync(join(right.cwd, "kustomer.db"))).toEqual(
      readFileSync(join(first.cwd, "publish/kustomer.db")),
    );
    expect(readdirSync(join(right.cwd, "parquet"))).toContain("messages.parquet");
    const wrong = read("another");
    expect([wrong.exitCode === 0, existsSync(join(wrong.cwd, "kustomer.db"))]).toEqual([false, false]);
  }, 180_000);
});

test("what earlier nights kept is forgotten, but for the newest", async () => {
  const gh = `echo "$*" >>"$HOME/asked"
    case "$2" in list) printf '%s\\n' 105 104 101 ;; esac`;
  const { cwd, env } = runner({ gh });
  const around = { cwd, secrets: {}, cache: [], env: { ...env, GITHUB_REF: "refs/heads/main" } };
  expect((await runJob(forget, around)).outcomes).toEqual({ [forget.steps[0]!.name]: "success" });
  expect(readFileSync(join(cwd, "asked"), "utf8").split("\n")).toEqual([
    "cache list --key kustomer-sync- --ref refs/heads/main --sort created_at --order desc --limit 100 --json id --jq .[].id",
    "cache delete 104",
    "cache delete 101",
    "",
  ]);
  // Whatever the sync came to.
  expect([forget.needs, forget.if]).toEqual([
    ["sync"],
    expect.stringMatching(/^\$\{\{ !cancelled\(\) \}\}$/),
  ]);
});
