/** What the program prints, and where: data on stdout, talk on stderr, quiet when nobody reads. */

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { STREAMS } from "../../src/streams/index.ts";
import { PROGRAM, run, type SandboxProcess, startSandboxProcess, temporaryFolder } from "./program.ts";

const folder = temporaryFolder();
let sandbox: SandboxProcess;
const db = join(folder.path, "kustomer.db");

beforeAll(async () => {
  // Every test asks it, in whatever order: none is to wait for the others.
  sandbox = await startSandboxProcess(folder.path, [
    "--rows",
    "1000",
    "--rpm",
    "1000000",
    "--search-rpm",
    "1000000",
  ]);
  expect((await run(["sync", "--quiet"], options())).code).toBe(0);
});
afterAll(async () => {
  await sandbox.stop();
  folder.remove();
});

const options = (env = {}) => ({ cwd: folder.path, env: { ...sandbox.env, ...env } });

describe("sync", () => {
  test("prints a table on stdout and everything else on stderr", async () => {
    const { code, stdout, stderr } = await run(["sync", "--db", "new.db"], options());
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(STREAMS.length + 1);
    expect(lines[0]).toMatch(/^stream +status +new or changed +deleted +synced to$/);
    expect(stderr).toContain("is new: this is a full read");
    expect(stderr).not.toContain("\x1b[");
    expect(stdout).not.toContain("\x1b[");
  });

  test("--json prints one object of the documented shape", async () => {
    const { stdout } = await run(["sync", "tags", "users", "--json"], options());
    expect(stdout.trimEnd().split("\n")).toHaveLength(1);
    const report = JSON.parse(stdout);
    expect(Object.keys(report)).toEqual(
      expect.arrayContaining([
        "run",
        "status",
        "started_at",
        "finished_at",
        "requests",
        "waited_ms",
        "streams",
      ]),
    );
    expect(report.streams).toHaveLength(2);
    expect(report.streams[0]).toMatchObject({ stream: "tags", status: "done", error: null, written: 0 });
    expect(Object.keys(report.streams[0])).toEqual(
      expect.arrayContaining(["read", "written", "deleted", "requests", "synced_to"]),
    );
  });

  test("takes the key from a file and from stdin", async () => {
    const keyless = { KUSTOMER_API_KEY: "", KUSTOMER_API_URL: sandbox.url };
    await Bun.write(join(folder.path, "key"), `${sandbox.env.KUSTOMER_API_KEY}\n`);
    expect((await run(["sync", "tags", "--api-key-file", "key"], options(keyless))).code).toBe(0);
    const stdin = `${sandbox.env.KUSTOMER_API_KEY}\n`;
    expect((await run(["sync", "tags", "--api-key-file", "-"], { ...options(keyless), stdin })).code).toBe(0);
  });

  test.each(["curl", "true", "1"])(
    "prints no request where the runtime is told to, with BUN_CONFIG_VERBOSE_FETCH=%s",
    async (verbose) => {
      const env = { BUN_CONFIG_VERBOSE_FETCH: verbose };
      const { stdout, stderr } = await run(["sync", "tags", "--json", "--quiet"], options(env));
      expect(stderr).toBe("");
      expect(JSON.parse(stdout)).toMatchObject({ status: "done" });
      expect(stdout).not.toContain(sandbox.env.KUSTOMER_API_KEY!);
    },
  );

  test("leaves one file, and the key in none of its bytes", async () => {
    const bytes = await Bun.file(db).text();
    expect(bytes).not.toContain(sandbox.env.KUSTOMER_API_KEY!);
    const { readdirSync } = await import("node:fs");
    expect(readdirSync(folder.path).filter((name) => name.startsWith("kustomer.db"))).toEqual([
      "kustomer.db",
    ]);
  });
});

test("status tells rows, deleted, how far and when", async () => {
  const { stdout } = await run(["status", "--json"], options());
  const { db: path, streams } = JSON.parse(stdout);
  expect(path).toBe("./kustomer.db");
  const file = new Database(db, { readonly: true });
  for (const { stream, rows, deleted, synced_to, complete, last_run } of streams) {
    const count = file.query<{ n: number }, []>(`SELECT count(*) AS n FROM "${stream}"`).get()!.n;
    expect([stream, rows + deleted, complete]).toEqual([stream, count, true]);
    expect(Date.parse(synced_to)).toBeGreaterThan(Date.now() - 600_000);
    expect(last_run.status).toBe("done");
  }
  file.close();
  expect((await run(["status"], options())).stdout.trimEnd().split("\n")).toHaveLength(STREAMS.length + 1);
});

test("check tells whose key it is, the budget, and what can be read", async () => {
  const { code, stdout } = await run(["check", "--json"], options());
  expect(code).toBe(0);
  const report = JSON.parse(stdout);
  expect(report.budget).toMatchObject({ org_limit: 1_000_000, org_share: 500_000, search: 100 });
  expect(report.streams.map(({ readable }: { readable: boolean }) => readable)).toEqual(
    STREAMS.map(() => true),
  );
});

describe("load", () => {
  const row = (id: string, name: string, updatedAt: string) => ({
    type: "tag",
    id,
    attributes: { name, color: "#fff", updatedAt, novelNum: 7 },
    relationships: { org: { data: { type: "org", id: "o1" } } },
  });
  const old = row("t1", "old", "2024-01-01T00:00:00.000Z");
  const young = row("t1", "young", "2024-02-01T00:00:00.000Z");

  const files = {
    "page.json": JSON.stringify({ meta: {}, data: [young] }, null, 2),
    "array.json": JSON.stringify([old, row("t2", "two", "2024-01-01T00:00:00.000Z")]),
    "single.json": JSON.stringify({ data: old }),
    "lines.ndjson": `${JSON.stringify(row("t3", "three", "2024-01-01T00:00:00.000Z"))}\n${JSON.stringify(old)}\n`,
  };
  beforeAll(async () => {
    for (const [name, text] of Object.entries(files)) await Bun.write(join(folder.path, name), text);
  });

  test("takes a page, an array, one resource and NDJSON, and never goes backwards", async () => {
    const args = ["load", "tags", ...Object.keys(files), "--db", "loaded.db", "--json"];
    const { code, stdout } = await run(args, options());
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ stream: "tags", read: 6, written: 3, rejected: 0 });
    const file = new Database(join(folder.path, "loaded.db"), { readonly: true });
    const rows = file.query("SELECT id, name, org_id, novel_num FROM tags ORDER BY id").all();
    file.close();
    expect(rows).toEqual([
      { id: "t1", name: "young", org_id: "o1", novel_num: 7 },
      { id: "t2", name: "two", org_id: "o1", novel_num: 7 },
      { id: "t3", name: "three", org_id: "o1", novel_num: 7 },
    ]);
  });

  test("takes stdin, and counts and names the rows that cannot be stored", async () => {
    const deep = `{"type":"tag","id":"t9","attributes":{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}}`;
    const stdin = `{"data":[${JSON.stringify(old)},{"type":"tag","attributes":{}},${deep}]}`;
    const { stdout, stderr } = await run(["load", "tags", "-", "--db", "stdin.db", "--json"], {
      ...options(),
      stdin,
    });
    expect(JSON.parse(stdout)).toMatchObject({ read: 1, written: 1, rejected: 2 });
    expect(stderr).toContain(
      "2 rows could not be stored and were kept out: one has no usable id; t9 is nested deeper than 998 levels",
    );
  });

  test("takes what another program writes into a pipe", async () => {
    const quoted = PROGRAM.map((word) => `'${word}'`).join(" ");
    const script = `${quoted} load tags <(cat array.json) <(cat page.json) --db piped.db --json`;
    const shell = Bun.spawn(["bash", "-c", script], { cwd: folder.path, stdout: "pipe", stderr: "pipe" });
    expect(JSON.parse(await new Response(shell.stdout).text())).toMatchObject({ read: 3, rejected: 0 });
  });

  test("loads nothing, and makes no file, where the last byte of the last file is wrong", async () => {
    const page = JSON.stringify({ data: [old, young] });
    await Bun.write(join(folder.path, "bad.json"), `${page}}`);
    for (const [args, stdin, says] of [
      [["page.json", "bad.json"], "", "bad.json:1: not JSON"],
      [["page.json", "-"], page.slice(0, -1), "stdin:1: not JSON"],
    ] as const) {
      const { code, stdout, stderr } = await run(["load", "tags", ...args, "--db", "bad.db"], {
        ...options(),
        stdin,
      });
      expect([code, stdout, existsSync(join(folder.path, "bad.db"))]).toEqual([2, "", false]);
      expect(stderr).toContain(says);
    }
  });
});

describe("--quiet", () => {
  test("prints nothing at all when nothing is wrong", async () => {
    await Bun.write(join(folder.path, "tag.json"), '{"id": "t1", "attributes": {}}');
    for (const args of [
      ["sync"],
      ["status"],
      ["streams"],
      ["streams", "tags"],
      ["check"],
      ["verify"],
      ["export", "--out", "quiet"],
      ["snapshot", "quiet.db"],
      ["load", "tags", "tag.json", "--db", "tag.db"],
      ["reset", "tags", "--yes", "--db", "tag.db"],
      ["sandbox", "--as", "list"],
      ["demo", "--rows", "200", "--db", "quiet-demo.db"],
    ]) {
      const ended = await run([...args, "--quiet"], options());
      expect([args, ended]).toEqual([args, { code: 0, stdout: "", stderr: "" }]);
    }
  });

  test("says what is wrong, in as many words as without", async () => {
    const roleless = await startSandboxProcess(folder.path, ["--rows", "300", "--without-role", "notes"]);
    try {
      for (const command of ["check", "sync"]) {
        const args = [command, "--quiet", "--db", "roleless.db"].slice(0, command === "sync" ? 4 : 2);
        const { code, stdout, stderr } = await run(args, { cwd: folder.path, env: roleless.env });
        expect({ command, code, stdout }).toEqual({ command, code: 6, stdout: "" });
        expect(stderr).toMatch(/^warn: notes: .*\n {2}try: give the key/);
      }
    } finally {
      await roleless.stop();
    }
    await Bun.$`cp kustomer.db short.db`.cwd(folder.path);
    const short = new Database(join(folder.path, "short.db"));
    short.run("DELETE FROM tags WHERE id = (SELECT min(id) FROM tags)");
    short.close();
    const { code, stdout, stderr } = await run(["verify", "--quiet", "--db", "short.db"], options());
    expect({ code, stdout }).toEqual({ code: 6, stdout: "" });
    expect(stderr).toMatch(/^warn: tags: missing \w+\nwarn: 1 row differs\n {2}try: /);
  });

  test("leaves what was asked for: JSON, data on stdout, help and the version", async () => {
    for (const args of [
      ["status", "--json"],
      ["export", "tags", "--stdout"],
      ["sync", "--help"],
      ["version"],
    ]) {
      expect((await run([...args, "--quiet"], options())).stdout).not.toBe("");
    }
  });
});

describe("at the width of the terminal", () => {
  const commands = [
    ["sync"],
    ["status"],
    ["check"],
    ["streams"],
    ["streams", "conversations"],
    ["verify"],
    ["sandbox", "--as", "list"],
  ];
  const widest = (text: string) => Math.max(...text.split("\n").map((line) => Bun.stringWidth(line)));

  test.each(commands)(
    "%s %s fits 80 columns, shows more in 200, and milliseconds in neither",
    async (...args) => {
      const words = args.filter((word) => word !== undefined);
      const narrow = await run(words, options());
      const wide = await run(words, options({ COLUMNS: "200" }));
      expect(widest(narrow.stdout)).toBeLessThanOrEqual(80);
      expect(widest(wide.stdout)).toBeLessThanOrEqual(200);
      const ink = (text: string) => text.replaceAll(/\s/g, "").length;
      expect(ink(wide.stdout)).toBeGreaterThanOrEqual(ink(narrow.stdout));
      expect(narrow.stdout + wide.stdout).not.toMatch(/\d\.\d{3}Z/);
    },
  );

  test("what does not fit goes first: requests and repeats of a sync, when its last run was", async () => {
    const titles = async (command: string, columns: string) =>
      (await run([command], options({ COLUMNS: columns }))).stdout.split("\n")[0]!;
    expect(await titles("sync", "200")).toMatch(
      /^stream +status +read, with repeats +new or changed +deleted +requests +synced to$/,
    );
    expect(await titles("sync", "80")).toMatch(/^stream +status +new or changed +deleted +synced to$/);
    expect(await titles("status", "80")).toMatch(
      /^stream +live rows +deleted +synced to +complete +last run$/,
    );
  });
});

test("| head ends quietly", async () => {
  const quoted = PROGRAM.map((word) => `'${word}'`).join(" ");
  for (const command of ["streams conversations", "streams --json", "--help", "status", "sync --help"]) {
    const script = `set -o pipefail; ${quoted} ${command} | head -1 > /dev/null; echo "\${PIPESTATUS[0]}"`;
    const shell = Bun.spawn(["bash", "-c", script], { cwd: folder.path, stdout: "pipe", stderr: "pipe" });
    const [stdout, stderr] = [
      await new Response(shell.stdout).text(),
      await new Response(shell.stderr).text(),
    ];
    expect([command, stdout.trim(), stderr.replace(/^Reading by search.*$/m, "").trim()]).toEqual([
      command,
      "0",
      "",
    ]);
  }
});
