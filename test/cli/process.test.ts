import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { STREAMS } from "../../src/streams/index.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");
const ODD = join(import.meta.dir, "odd-preload.ts");
const BUN = process.execPath;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kustomer-sync-cli-"));
});
afterAll(() => rm(folder, { recursive: true }));

function start(argv: string[], env: Record<string, string> = {}) {
  return Bun.spawn([BUN, "--preload", ODD, MAIN, ...argv], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? "", HOME: folder, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

async function invoke(argv: string[], env: Record<string, string> = {}) {
  const child = start(argv, env);
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, stdout, stderr };
}

describe("streams", () => {
  test("the table is on stdout, and all talk on stderr", async () => {
    const { code, stdout, stderr } = await invoke(["streams"]);
    expect(code).toBe(0);
    expect(stdout.split("\n")).toHaveLength(STREAMS.length + 2);
    for (const { name, columns, roles } of STREAMS) {
      expect(stdout).toMatch(new RegExp(`^${name} .* ${columns.length} .*${RegExp.escape(roles[0]!)}`, "m"));
    }
    expect(stderr).toContain("org.permission.search.create");
    expect((await invoke(["streams", "--quiet"])).stderr).toBe("");
  });

  test("--json prints one object, with every column's kind and source", async () => {
    const { code, stdout, stderr } = await invoke(["streams", "--json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.split("\n")).toHaveLength(2);
    const { streams } = JSON.parse(stdout);
    expect(streams.map(({ stream }: { stream: string }) => stream)).toEqual(STREAMS.map(({ name }) => name));
    expect(streams[0]).toMatchObject({ read: "search", roles: STREAMS[0]!.roles });
    expect(streams[0].search_roles).toContain("org.permission.search.create");
    const users = streams.find(({ stream }: { stream: string }) => stream === "users");
    expect(users).toMatchObject({ read: "list", search_roles: [] });
    expect(streams[0].columns).toContainEqual({
      name: "customer_id",
      kind: "text",
      source: "relationships.customer.data.id",
    });
  });

  test("named streams show their columns", async () => {
    const { stdout } = await invoke(["streams", "tags", "teams"]);
    expect(stdout).toMatch(/^tags: .*\n\ncolumn +kind +source\nid +text +id\n/);
    expect(stdout).toMatch(/^deleted_at +time +attributes\.deletedAt$/m);
    expect(stdout).toMatch(/\n\nteams: /);
    const { streams } = JSON.parse((await invoke(["streams", "--json", "tags"])).stdout);
    expect(streams).toHaveLength(1);
  });

  test("a stream that does not exist is a usage error", async () => {
    const { code, stdout, stderr } = await invoke(["streams", "note"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("did you mean notes?");
  });
});

describe("exit codes", () => {
  test.each<[string[], number]>([
    [[], 0],
    [["--help"], 0],
    [["--version"], 0],
    [["bug"], 1],
    [["nonsense"], 2],
    [["streams", "--nonsense"], 2],
    [["fail"], 3],
    [["five"], 5],
    [["six"], 6],
    [["report"], 6],
  ])("%j is %i", async (argv, expected) => {
    const { code, stdout, stderr } = await invoke(argv);
    expect(code).toBe(expected);
    if (expected === 0) expect(stderr).toBe("");
    else if (argv[0] !== "report") expect(stdout).toBe("");
  });
});

describe("signals", () => {
  /** Reads stderr until `text` has come; the rest can be read on. */
  async function until(reader: { read: () => Promise<{ value?: Uint8Array | undefined }> }, text: string) {
    let seen = "";
    while (!seen.includes(text)) {
      const { value } = await reader.read();
      if (value === undefined) throw new Error(`ended without ${text}: ${seen}`);
      seen += new TextDecoder().decode(value);
    }
    return seen;
  }

  test.each(["SIGINT", "SIGTERM"] as const)(
    "the first %s lets the command end, and it exits 130",
    async (name) => {
      const child = start(["wait"]);
      const reader = child.stderr.getReader();
      await until(reader, "begun");
      child.kill(name);
      const said = await until(reader, "try: ");
      expect(said).toContain("stopping; press Ctrl-C again to stop at once\n");
      expect(said).toContain(`\nstopped by ${name === "SIGINT" ? "Ctrl-C" : name}\n  try: `);
      expect(said).not.toContain("error");
      expect(await child.exited).toBe(130);
      expect(await child.stdout.text()).toBe("");
    },
  );

  test("the second ends a command that does not listen", async () => {
    const child = start(["deaf"]);
    const reader = child.stderr.getReader();
    await until(reader, "begun");
    child.kill("SIGINT");
    await until(reader, "press Ctrl-C again");
    child.kill("SIGINT");
    expect(await child.exited).toBe(130);
    expect(child.signalCode).toBeNull();
  });
});

describe("pipes", () => {
  /** Runs `kustomer-sync ARGV | READER` in a shell; the exit code is the program's own. */
  async function piped(argv: string, reader: string) {
    const child = Bun.spawn(
      ["bash", "-c", `"$BUN" --preload "$ODD" "$MAIN" ${argv} | ${reader}; exit "\${PIPESTATUS[0]}"`],
      {
        cwd: folder,
        env: { PATH: process.env.PATH ?? "", HOME: folder, BUN, ODD, MAIN },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      },
    );
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return { code: await child.exited, stdout, stderr };
  }

  test("| head -1 ends quietly, with exit code 0", async () => {
    expect(await piped("big", "head -1")).toEqual({ code: 0, stdout: `${"x".repeat(99)}\n`, stderr: "" });
    expect((await piped("streams", "head -1")).stdout).toStartWith("stream ");
  });

  test("a reader that never reads is no error either", async () => {
    // The reader closes its end before the writer is let go, so that the very first write fails.
    const gate = join(folder, "gate");
    await Bun.$`mkfifo ${gate}`.quiet();
    const script = `
      { read -r _ < "$GATE"; "$BUN" --preload "$ODD" "$MAIN" $ARGS 2>&1; echo "code $?" >&3; } 3>&2 |
      { exec <&-; echo go > "$GATE"; }`;
    for (const [args, code] of [
      ["streams", 0],
      ["big", 0],
      ["streams --nonsense", 2],
    ] as const) {
      const child = Bun.spawn(["bash", "-c", script], {
        cwd: folder,
        env: { PATH: process.env.PATH ?? "", HOME: folder, BUN, ODD, MAIN, GATE: gate, ARGS: args },
        stdin: "ignore",
        stdout: "ignore",
        stderr: "pipe",
      });
      expect(await child.stderr.text(), args).toBe(`code ${code}\n`);
      await child.exited;
    }
  });

  test("all of a large output arrives", async () => {
    expect((await invoke(["big"])).stdout).toHaveLength(2_000_000);
  });
});
