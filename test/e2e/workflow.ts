/**
 * Runs the steps of a workflow's job one after the other as GitHub's runner would: in bash, under their conditions,
 * with what earlier steps told. Of actions it knows the cache and the upload of an artifact, which end in folders.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

export type Step = {
  readonly name: string;
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Record<string, string>;
  readonly if?: string;
  readonly with?: Record<string, string>;
  readonly "timeout-minutes"?: number;
};

export type Job = {
  readonly steps: readonly Step[];
  readonly permissions?: Record<string, string>;
  readonly needs?: readonly string[];
  readonly if?: string;
  readonly "timeout-minutes"?: number;
};

export type Workflow = {
  readonly on: { readonly schedule: readonly { readonly cron: string }[] };
  readonly permissions: Record<string, string>;
  readonly env: Record<string, string>;
  readonly jobs: Record<string, Job>;
};

/** What a cache holds, the newest last. */
export type Cache = { key: string; path: string; folder: string }[];

export type Outcome = "success" | "failure" | "skipped";

export type Run = {
  /** What each step came to, by its name. */
  readonly outcomes: Record<string, Outcome>;
  readonly outputs: Record<string, Record<string, string>>;
  readonly summary: string;
  readonly said: string;
};

export type Surroundings = {
  /** An empty folder; artifacts end in `artifact` in it. */
  readonly cwd: string;
  readonly env: Record<string, string>;
  readonly secrets: Record<string, string>;
  readonly cache: Cache;
  readonly schedule?: string;
  /** Steps that are left out. */
  readonly without?: readonly string[];
};

/** Runs a job to its end, whatever fails. */
export async function runJob(job: Job, around: Surroundings): Promise<Run> {
  const { cwd, secrets, cache, schedule = "", without = [] } = around;
  const outcomes: Record<string, Outcome> = {};
  const steps: Record<string, { outcome: Outcome; outputs: Record<string, string> }> = {};
  const github = {
    run_id: cache.length,
    run_attempt: 1,
    event: { schedule },
    repository: "",
    token: "token",
  };
  const summary = join(cwd, "summary.md");
  let isFailed = false;
  let said = "";
  const value = (expression: string): unknown => {
    const words = { steps, github, secrets, cancelled: () => false, success: () => !isFailed };
    return new Function(...Object.keys(words), `return ${expression};`)(...Object.values(words));
  };
  const fill = (text: string) => text.replace(/\$\{\{(.*?)\}\}/g, (_, expression) => `${value(expression)}`);

  for (const [nth, step] of job.steps.entries()) {
    if (without.includes(step.name)) continue;
    const condition = /^\$\{\{(.*)\}\}$/.exec(step.if ?? "")?.[1] ?? "true";
    // A condition that asks for no status asks for success.
    const isWanted = value(/\bcancelled\(\)/.test(condition) ? condition : `success() && (${condition})`);
    const outputs = join(cwd, `outputs ${nth}`);
    let outcome: Outcome = "skipped";
    if (isWanted && step.run !== undefined) {
      const filled = Object.entries(step.env ?? {}).map(([name, text]) => [name, fill(String(text))]);
      const script = join(cwd, `step ${nth}.sh`);
      writeFileSync(script, step.run);
      const child = Bun.spawn(["bash", "--noprofile", "--norc", "-eo", "pipefail", script], {
        cwd,
        env: {
          HOME: cwd,
          GITHUB_ACTIONS: "true",
          GITHUB_STEP_SUMMARY: summary,
          GITHUB_OUTPUT: outputs,
          GITHUB_PATH: join(cwd, "paths"),
          ...Object.fromEntries(filled),
          ...around.env,
        },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      });
      const texts = [new Response(child.stdout).text(), new Response(child.stderr).text()];
      said += (await Promise.all(texts)).join("");
      outcome = (await child.exited) === 0 ? "success" : "failure";
    } else if (isWanted && step.uses !== undefined) {
      const inputs = Object.entries(step.with ?? {}).map(([name, text]) => [name, fill(String(text))]);
      outcome = act(step.uses, Object.fromEntries(inputs), around) ? "success" : "failure";
    }
    outcomes[step.name] = outcome;
    if (outcome === "failure") isFailed = true;
    if (step.id !== undefined) steps[step.id] = { outcome, outputs: read(outputs) };
  }
  return {
    outcomes,
    outputs: Object.fromEntries(Object.entries(steps).map(([id, { outputs }]) => [id, outputs])),
    summary: existsSync(summary) ? readFileSync(summary, "utf8") : "",
    said,
  };
}

function read(outputs: string): Record<string, string> {
  if (!existsSync(outputs)) return {};
  const lines = readFileSync(outputs, "utf8").trim().split("\n");
  return Object.fromEntries(lines.map((line) => line.split("=")));
}

/** Returns whether the action would have succeeded. */
function act(uses: string, inputs: Record<string, string>, { cwd, cache }: Surroundings): boolean {
  const { path = "", key = "" } = inputs;
  const paths = path.trim().split("\n");
  const there = paths.filter((each) => existsSync(join(cwd, each)));
  switch (uses.replace(/@.*/, "")) {
    case "actions/cache/restore": {
      const prefix = inputs["restore-keys"] ?? key;
      const found = cache.findLast((each) => each.path === path && each.key.startsWith(prefix));
      if (found !== undefined) cpSync(found.folder, cwd, { recursive: true });
      return true;
    }
    case "actions/cache/save": {
      const folder = `${cwd} kept`;
      mkdirSync(folder);
      for (const each of there) cpSync(join(cwd, each), join(folder, each));
      if (there.length > 0) cache.push({ key, path, folder });
      return true;
    }
    case "actions/upload-artifact": {
      const folder = join(cwd, "artifact");
      mkdirSync(folder);
      for (const each of there) cpSync(join(cwd, each), join(folder, basename(each)), { recursive: true });
      return there.length > 0 || inputs["if-no-files-found"] !== "error";
    }
    default:
      throw new Error(`no test knows ${uses}`);
  }
}
