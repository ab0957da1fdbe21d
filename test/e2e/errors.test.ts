/** What a user does wrong is told in words, with the documented exit code, and leaves every file as it was. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import {
  held,
  lockByHand,
  run,
  type SandboxProcess,
  startSandboxProcess,
  temporaryFolder,
} from "./program.ts";

const folder = temporaryFolder();
let sandbox: SandboxProcess;
let env: Record<string, string>;

beforeAll(async () => {
  sandbox = await startSandboxProcess(folder.path, ["--rows", "500"]);
  env = sandbox.env;
  writeFileSync(join(folder.path, "text.db"), "hello\n");
  mkdirSync(join(folder.path, "folder.db"));
  const foreign = new Database(join(folder.path, "foreign.db"));
  foreign.run("CREATE TABLE theirs (a)");
  foreign.close();
  const made = await run(["sync", "--db", "ours.db", "--quiet"], { cwd: folder.path, env });
  expect(made.code).toBe(0);
  for (const [name, version] of [
    ["newer.db", 999],
    ["state.db", 1],
  ] as const) {
    writeFileSync(join(folder.path, name), readFileSync(join(folder.path, "ours.db")));
    const copy = new Database(join(folder.path, name));
    copy.run(`PRAGMA user_version = ${version}`);
    copy.run("UPDATE _sync_state SET state = '{\"v\":7}' WHERE stream = 'notes'");
    copy.close();
  }
  writeFileSync(join(folder.path, "number.json"), '{"data": 5}');
  writeFileSync(join(folder.path, "empty.json"), "");
  writeFileSync(join(folder.path, "cut.json"), '{"data": [{"id": "a", "attri');
  writeFileSync(join(folder.path, "tag.json"), '{"data": [{"type": "tag", "id": "a", "attributes": {}}]}');
  writeFileSync(join(folder.path, "lines.ndjson"), '{"type":"tag","id":"a","attributes":{}}\n{"id":\n');
  writeFileSync(join(folder.path, "empty.key"), "\n");
});
afterAll(async () => {
  await sandbox.stop();
  folder.remove();
});

const account = () => ({ KUSTOMER_API_KEY: "secret-key-1234567890" });

type Case = {
  name: string;
  args: string[];
  env?: () => Record<string, string>;
  code: number;
  says: (string | RegExp)[];
  /** A file of ours that notes the failed run, and nothing else. */
  keeps?: string;
};

const cases: Case[] = [
  {
    name: "unknown command",
    args: ["snyc"],
    code: 2,
    says: ['unknown command "snyc"', "did you mean sync?"],
  },
  {
    name: "unknown flag",
    args: ["sync", "--stat-date", "x"],
    code: 2,
    says: ["--stat-date", "--start-date"],
  },
  { name: "unknown stream", args: ["sync", "nots"], code: 2, says: ['"nots"', "did you mean notes?"] },
  { name: "unknown stream to skip", args: ["sync", "--skip", "nots"], code: 2, says: ["--skip", "notes"] },
  { name: "flag without value", args: ["sync", "--db"], code: 2, says: ["--db", "needs a value"] },
  { name: "flag with an empty value", args: ["sync", "--db="], code: 2, says: ["--db"] },
  { name: "impossible date", args: ["sync", "--start-date", "2024-02-31"], code: 2, says: ["2024-02-31"] },
  {
    name: "impossible date, american",
    args: ["sync", "--start-date", "13/31/2024"],
    code: 2,
    says: ["13/31/2024"],
  },
  {
    name: "date in the future",
    args: ["sync", "--start-date", "2999-01-01"],
    code: 2,
    says: ["in the future"],
  },
  {
    name: "impossible number",
    args: ["sync", "--concurrency", "0"],
    code: 2,
    says: ["--concurrency", "1 to 100"],
  },
  { name: "negative number", args: ["sync", "--rpm", "-5"], code: 2, says: ["--rpm"] },
  { name: "share above one", args: ["sync", "--rate-share", "1.5"], code: 2, says: ["--rate-share"] },
  { name: "not a duration", args: ["sync", "--lookback", "soon"], code: 2, says: ["--lookback", "15m"] },
  {
    name: "wrong date in the environment",
    args: ["sync"],
    env: () => ({ ...env, KUSTOMER_START_DATE: "soon" }),
    code: 2,
    says: ["KUSTOMER_START_DATE", "soon"],
  },
  { name: "no account", args: ["sync"], env: account, code: 2, says: ["--org", "--region", "--api-url"] },
  {
    name: "two accounts",
    args: ["sync", "--org", "a", "--region", "eu"],
    env: account,
    code: 2,
    says: ["--org", "--region"],
  },
  { name: "no key", args: ["sync", "--org", "acme"], code: 2, says: ["KUSTOMER_API_KEY", "--api-key-file"] },
  {
    name: "key as an argument",
    args: ["sync", "--api-key", "secret-key-1234567890"],
    code: 2,
    says: ["--api-key-file"],
  },
  {
    name: "key file missing",
    args: ["sync", "--org", "acme", "--api-key-file", "no.key"],
    code: 2,
    says: ["no.key"],
  },
  {
    name: "key file empty",
    args: ["sync", "--org", "acme", "--api-key-file", "empty.key"],
    code: 2,
    says: ["empty.key"],
  },
  {
    name: "key over plain http",
    args: ["sync", "--api-url", "http://example.com"],
    env: account,
    code: 2,
    says: ["https"],
  },
  {
    name: "nothing left to sync",
    args: ["sync", "notes", "--skip", "notes"],
    env: () => env,
    code: 2,
    says: ["--skip"],
  },
  {
    name: "refused key",
    args: ["sync", "--db", "new.db"],
    env: () => ({ ...env, ...account() }),
    code: 3,
    says: ["401", "Kustomer said:", "try:"],
  },
  {
    name: "nobody listening",
    args: ["sync", "--db", "new.db", "--api-url", "http://127.0.0.1:1"],
    env: account,
    code: 4,
    says: ["127.0.0.1:1", "try:"],
  },
  {
    name: "file that is no database",
    args: ["sync", "--db", "text.db"],
    env: () => env,
    code: 5,
    says: ["text.db", "not an SQLite database"],
  },
  {
    name: "database of another program",
    args: ["sync", "--db", "foreign.db"],
    env: () => env,
    code: 5,
    says: ["foreign.db", "not one of kustomer-sync"],
  },
  {
    name: "folder",
    args: ["sync", "--db", "folder.db"],
    env: () => env,
    code: 5,
    says: ["folder.db", "a folder"],
  },
  {
    name: "folder that is not there",
    args: ["sync", "--db", "no/such/x.db"],
    env: () => env,
    code: 5,
    says: ["no/such"],
  },
  {
    name: "file of a newer version",
    args: ["sync", "--db", "newer.db"],
    env: () => env,
    code: 5,
    says: ["newer.db", "999"],
  },
  {
    name: "state that does not parse",
    args: ["sync", "--db", "state.db"],
    env: () => env,
    code: 5,
    says: ["notes", "state", "reset notes"],
    keeps: "state.db",
  },
  {
    name: "status of nothing",
    args: ["status", "--db", "none.db"],
    code: 5,
    says: ["none.db", "no such file"],
  },
  {
    name: "status of a text",
    args: ["status", "--db", "text.db"],
    code: 5,
    says: ["not an SQLite database"],
  },
  {
    name: "start date in the future, to verify",
    args: ["verify", "--start-date", "2999-01-01"],
    env: () => env,
    code: 2,
    says: ["in the future"],
  },
  {
    name: "force without repair",
    args: ["verify", "--force"],
    env: () => env,
    code: 2,
    says: ["--force", "verify --repair --force"],
  },
  { name: "unknown stream to verify", args: ["verify", "nots"], code: 2, says: ["did you mean notes?"] },
  { name: "nothing left to verify", args: ["verify", "notes", "--skip", "notes"], code: 2, says: ["--skip"] },
  { name: "verify without a key", args: ["verify", "--org", "acme"], code: 2, says: ["KUSTOMER_API_KEY"] },
  {
    name: "verify with a refused key",
    args: ["verify", "--db", "ours.db", "--repair"],
    env: () => ({ ...env, ...account() }),
    code: 3,
    says: ["401", "Kustomer said:"],
  },
  {
    name: "verify with nobody listening",
    args: ["verify", "--db", "ours.db", "--api-url", "http://127.0.0.1:1"],
    env: account,
    code: 4,
    says: ["127.0.0.1:1"],
  },
  ...["none.db", "text.db", "foreign.db", "folder.db", "newer.db"].flatMap((file): Case[] => [
    { name: `verify of ${file}`, args: ["verify", "--db", file], env: () => env, code: 5, says: [file] },
    {
      name: `repair of ${file}`,
      args: ["verify", "--repair", "--db", file],
      env: () => env,
      code: 5,
      says: [file],
    },
    { name: `reset of ${file}`, args: ["reset", "--all", "--yes", "--db", file], code: 5, says: [file] },
  ]),
  {
    name: "verify of a state that does not parse",
    args: ["verify", "notes", "--db", "state.db"],
    env: () => env,
    code: 5,
    says: ["notes", "reset notes"],
  },
  { name: "reset of nothing", args: ["reset", "--yes"], code: 2, says: ["--all"] },
  { name: "reset of all and some", args: ["reset", "notes", "--all"], code: 2, says: ["--all", "exclude"] },
  { name: "reset of an unknown stream", args: ["reset", "nots"], code: 2, says: ["did you mean notes?"] },
  { name: "reset unasked", args: ["reset", "notes", "--db", "ours.db"], code: 2, says: ["--yes"] },
  { name: "load without a file", args: ["load", "tags"], code: 2, says: ["FILE"] },
  {
    name: "load of a missing file",
    args: ["load", "tags", "no.json", "--db", "ours.db"],
    code: 2,
    says: ["no.json"],
  },
  {
    name: "load of a folder",
    args: ["load", "tags", "folder.db", "--db", "ours.db"],
    code: 2,
    says: ["folder.db"],
  },
  {
    name: "load of an empty file",
    args: ["load", "tags", "empty.json", "--db", "ours.db"],
    code: 2,
    says: ["empty.json"],
  },
  {
    name: "load of half a page",
    args: ["load", "tags", "cut.json", "--db", "ours.db"],
    code: 2,
    says: ["cut.json", "not JSON"],
  },
  {
    name: "load of something else",
    args: ["load", "tags", "number.json", "--db", "ours.db"],
    code: 2,
    says: ["number.json"],
  },
  {
    name: "load of another stream's rows",
    args: ["load", "notes", "tag.json", "--db", "ours.db"],
    code: 2,
    says: ["load tags"],
  },
  {
    name: "load with a bad second file",
    args: ["load", "tags", "tag.json", "cut.json", "--db", "ours.db"],
    code: 2,
    says: ["cut.json"],
  },
  {
    name: "load with a bad second line",
    args: ["load", "tags", "lines.ndjson", "--db", "ours.db"],
    code: 2,
    says: ["lines.ndjson:2"],
  },
  { name: "sandbox with odd faults", args: ["sandbox", "--faults", "often"], code: 2, says: ["--faults"] },
  { name: "sandbox on a taken port", args: ["sandbox", "--port", "PORT"], code: 2, says: ["port"] },
  { name: "demo over somebody's file", args: ["demo", "--db", "foreign.db"], code: 5, says: ["foreign.db"] },
];

/** Every file of the folder with its bytes. */
function contents(): Record<string, string> {
  const files = readdirSync(folder.path, { withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ name }) => [name, Bun.hash(readFileSync(join(folder.path, name))).toString(16)]),
  );
}

describe("an error", () => {
  for (const { name, args, env: given, code, says, keeps } of cases) {
    test(`${name}: ${code}`, async () => {
      const before = contents();
      const port = new URL(sandbox.url).port;
      const words = args.map((word) => (word === "PORT" ? port : word));
      const result = await run(words, { cwd: folder.path, env: given?.() ?? {} });
      expect([result.code, result.stderr]).toEqual([code, expect.stringMatching(/^error: |\nerror: /)]);
      for (const words of says) expect(result.stderr).toMatch(words);
      expect(result.stdout).toBe("");
      expect(result.stderr).not.toMatch(/^\s+at .*:\d+/m);
      expect(result.stderr).not.toContain("secret-key");
      expect(contents()).toEqual(keeps === undefined ? before : { ...before, [keeps]: expect.any(String) });
    }, 60_000);
  }

  test("under --json is the one object on stdout, and words on stderr", async () => {
    const { code, stdout, stderr } = await run(["status", "--db", "none.db", "--json"], { cwd: folder.path });
    expect(code).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "store-missing" } });
    expect(stderr).toContain("none.db");
  });
});

test("a second sync on the file is told who holds it, and since when: 5", async () => {
  const db = join(folder.path, "held.db");
  const options = { cwd: folder.path, env };
  expect((await run(["sync", "tags", "--db", db], options)).code).toBe(0);
  const before = held(db, "tags");
  const now = lockByHand(db);
  const second = await run(["sync", "tags", "--db", db], options);
  expect(second.code).toBe(5);
  expect(second.stderr).toContain(`process ${process.pid} on ${hostname()}`);
  expect(second.stderr).toContain(now);
  expect(second.stderr).toContain("kustomer-sync sync --take-over");
  expect(held(db, "tags")).toEqual(before);
  expect((await run(["sync", "tags", "--db", db, "--take-over"], options)).code).toBe(0);
});
