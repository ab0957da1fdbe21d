/**
 * Rows that no sane API would send, sent by one over HTTP: each is stored by the real program and read back exactly
 * as it was sent, or kept out, counted and told.
 */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { parseJson } from "../../src/lib/json.ts";
import type { Resource } from "../../src/lib/resource.ts";
import { toResource } from "../../src/store/row.ts";
import { openStore } from "../../src/store/store.ts";
import { findStream } from "../../src/streams/index.ts";
import { run, type SyncReport, temporaryFolder } from "./program.ts";
import { type Asked, FAST, type Served, serve } from "./relay.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const NOW = new Date().toISOString();
const BORDER = `${new Date().getUTCFullYear() - 2}${NOW.slice(4)}`;
const BIG = "x".repeat(1_000_000);
const MANY = Array.from({ length: 3_000 }, (_, i) => `"key ${i} of 3000":${i}`).join(",");

/** A row as text, so that what JSON can say and JavaScript cannot is sent too. */
type Odd = { readonly name: string; readonly id: string; readonly text: string; readonly at?: string };

let count = 0;
/** A row with an id and a date of its own, and what is odd about its attributes. */
function odd(name: string, attributes: string, { at = NOW, members = "" } = {}): Odd {
  const id = `odd-${String(++count).padStart(4, "0")}`;
  const dated = `"updatedAt":${JSON.stringify(at)}${attributes === "" ? "" : `,${attributes}`}`;
  return { name, id, at, text: `{"type":"customer","id":"${id}","attributes":{${dated}}${members}}` };
}

/** A row whose date is as odd as can be: no search finds it by time, so it comes with what changed last. */
function undated(name: string, attributes: string): Odd {
  const id = `odd-${String(++count).padStart(4, "0")}`;
  return { name, id, text: `{"type":"customer","id":"${id}","attributes":{${attributes}}}` };
}

const stored: readonly Odd[] = [
  odd(
    "half characters",
    '"name":"a\\ud800b","displayName":"\\udc00","company":{"half \\ud83d":"\\ude00\\ud83d"}',
  ),
  odd("a half character in a name", '"half\\ud800":1,"other half\\udfff":"x"'),
  odd(
    "NUL and other control characters",
    '"name":"a\\u0000b","nul\\u0000key":"\\u0000","tab\\t":"\\u001b[31m\\u007f"',
  ),
  odd("a body of 1 MB", `"body":"${BIG}"`),
  odd("another of 1 MB, in a known column", `"name":"${BIG.slice(0, -1)}é"`),
  odd(
    "integers beyond 2^53",
    '"rev":9007199254740993,"new":9007199254740993,"custom":{"aNum":12345678901234567890}',
  ),
  odd("integers beyond 2^63", '"rev":9223372036854775808,"new2":-9223372036854775809'),
  odd("the border of 2^63", '"rev":9223372036854775807'),
  odd(
    "numbers that no double holds",
    '"over":1e309,"under":1e-400,"custom":{"minusNum":-1e309,"longNum":0.1234567890123456789}',
  ),
  odd("more such", '"rev":1e309,"zero":-0,"exp":1E+2,"tenth":0.1'),
  odd("null for everything", '"name":null,"rev":null,"custom":null,"createdAt":null,"verified":null'),
  odd("empty text", '"name":"","externalId":"","company":""'),
  odd(
    "SQL in names",
    '"select":1,"FROM":"x","table":true,"order by 1; DROP TABLE customers; --":2,"group":{}',
  ),
  odd("quotes in names", '"a\\"b":1,"a\'b":2,"a`b":3,"a]b[":4,"a\\\\b":5'),
  odd("dots, spaces and nothing in names", '"a.b":1," ":2,"":3,"$.a":4,"a b":5,".":6'),
  odd(
    "names of our own",
    '"id":"other","_extra":"mine","_deleted_at":"never","_synced_at":1,"_members":{"a":1},"rowid":7,"oid":8,"_rowid_":9',
  ),
  odd(
    "names of JavaScript's",
    '"__proto__":{"a":1},"constructor":"c","hasOwnProperty":false,"toString":null,"valueOf":1',
  ),
  odd(
    "names that collide",
    '"fooBar":1,"foo_bar":2,"FooBar":3,"FOO_BAR":4,"foo bar":5,"foo-bar":6,"Foo.Bar":7',
  ),
  odd("names of other scripts", '"Größe":1,"grösse":2,"размер":3,"😀":4,"İ":5,"i̇":6'),
  odd("3,000 names", MANY),
  odd(
    "an array for an object, and the other way round",
    '"custom":[1,{"a":[]}],"tags":{"a":1},"emails":"none","phones":7',
  ),
  odd(
    "objects for texts, texts for numbers",
    '"name":{"first":"A"},"rev":"7","verified":"yes","createdAt":{"at":1}',
  ),
  odd("numbers for everything", '"name":1,"createdAt":1700000000000,"verified":1,"company":0'),
  odd("deep", `"deep":${"[".repeat(500)}1${"]".repeat(500)}`),
  odd(
    "dates in other words",
    '"createdAt":"2024-01-31T10:00:00+02:00","modifiedAt":"2024-02-30T00:00:00.000Z","lastSeenAt":"soon"',
  ),
  odd("deleted in other words", '"deleted":"yes","deletedAt":false'),
  odd("relationships of other forms", '"a":1', { members: ',"relationships":[],"links":"none"' }),
  odd("more of them", '"a":2', {
    members:
      ',"relationships":{"org":null,"queue":{"data":{"id":7}},"sla":{"data":[{"id":"x"}]},"half\\ud800":{"data":{"id":"y"}}}',
  }),
  odd("members that nobody knows", '"a":3', {
    members: ',"meta":{"big":1e309},"included":[null],"_members":1,"__proto__":2',
  }),
  // A row may have 998 levels, of which these are two or one.
  odd("as deep as may be", `"a":${lists(996)},"defaultLang":${lists(996)}`),
  odd("as deep, beside the attributes", '"a":1', {
    members: `,"meta":${lists(997)},"relationships":{"deep":${lists(996)}}`,
  }),
  { name: "no attributes", id: "odd-bare", text: '{"type":"customer","id":"odd-bare"}' },
  { name: "null for attributes", id: "odd-null", text: '{"type":7,"id":"odd-null","attributes":null}' },
  {
    name: "an id that needs care",
    id: "id 'with' \"quotes\"\u0000 \u{1f600}",
    text: `{"id":${JSON.stringify("id 'with' \"quotes\"\u0000 \u{1f600}")},"attributes":{"a":1}}`,
  },
  odd("the year 1900", '"name":"old"', { at: "1900-01-01T00:00:00.000Z" }),
  odd("the year 2999", '"name":"young"', { at: "2999-12-31T23:59:59.999Z" }),
  odd("a date without milliseconds", '"name":"exact"', { at: `${NOW.slice(0, 19)}Z` }),
  undated("no updatedAt", '"name":"ageless"'),
  undated("a date that is not one", '"updatedAt":"yesterday","name":"x"'),
  undated("an impossible date", '"updatedAt":"2024-02-30T00:00:00.000Z"'),
  undated("a number for a date", '"updatedAt":1700000000000'),
  undated("null for a date", '"updatedAt":null'),
];

/** So many lists, each in the next. */
function lists(levels: number): string {
  return "[".repeat(levels) + "]".repeat(levels);
}

/** What cannot be a row, because nothing names it, or no reader of JSON in SQLite would get to its end. */
const rejected: readonly string[] = [
  `{"id":"odd-too-deep","attributes":{"a":${lists(997)}}}`,
  `{"id":"odd-too-deep","attributes":{},"meta":${lists(998)}}`,
  `{"id":"odd-deep","attributes":{"a":${lists(50_000)},"n":12345678901234567890}}`,
  `{"id":"odd-deeper","attributes":{"a":${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}}}`,
  // No long run of brackets anywhere.
  `{"id":"odd-deep-woven","attributes":{"a":${'[[],{"a":'.repeat(20_000)}1${',"b":{}},1]'.repeat(20_000)}}}`,
  `{"id":"odd-deepest","attributes":{"a":${lists(1_000_000)}}}`,
  '{"type":"customer","attributes":{"name":"no id"}}',
  '{"id":"","attributes":{}}',
  '{"id":7,"attributes":{}}',
  '{"id":null,"attributes":{}}',
  '{"id":"half\\ud800","attributes":{}}',
  '{"id":"odd-list","attributes":["name"]}',
  "null",
  '"odd-0001"',
  "17",
  "[]",
];

/** One id three times in a page: the newest first, the oldest last. */
const twice = ["2024-05-03", "2024-05-02", "2024-05-01"].map(
  (day) =>
    `{"type":"customer","id":"twice","attributes":{"updatedAt":"${day}T00:00:00.000Z","name":"of ${day}"}}`,
);

/** Serves the rows as customers to the search, as tags to the list. */
function serveOdd(): Served {
  const page = (rows: readonly string[], total: string) =>
    new Response(
      `{"meta":{"page":1,"pageSize":500${total}},"data":[${rows.join(",")}],"links":{"next":null}}`,
      {
        headers: { "content-type": "application/json" },
      },
    );
  return serve((asked) => {
    if (asked.path.startsWith("/v1/auth/"))
      return Response.json({ data: { id: "t", attributes: { roles: [] } } });
    if (asked.path.startsWith("/v1/tags"))
      return page([...stored.map(({ text }) => text), ...rejected, ...twice].map(asTag), "");
    if (asked.method !== "POST") return page([], "");
    const rows = searched(asked);
    return page(rows, `,"total":${rows.length}`);
  });
}

/** A row of a stream's own type, as a tag. */
function asTag(text: string): string {
  return text.replace('"type":"customer"', '"type":"tag"');
}

function searched({ path, body }: Asked): string[] {
  const { queryContext, and } = JSON.parse(body) as {
    queryContext: string;
    and: Record<string, Record<string, string>>[];
  };
  if (queryContext !== "customer") return [];
  const bounds: Record<string, string> = Object.assign(
    {},
    ...and.map(({ customer_updated_at }) => customer_updated_at),
  );
  const { gte = "", lt = "~" } = bounds;
  const isArchive = path.includes("/archive/");
  const last = lt === "~" && !isArchive;
  const within = (at: string) => at >= gte && at < lt && isArchive === at < BORDER;
  const dated = stored.filter(({ at }) => (at === undefined ? last : within(at))).map(({ text }) => text);
  return [...dated, ...(last ? rejected : []), ...(within("2024-05-01") ? twice : [])];
}

/** What is in the file of a row; null when there is no such row. */
function readBack(db: string, table: string, id: string): Resource | null {
  const store = openStore(db, { mode: "read" });
  const layout = store.layout(findStream(table)!);
  store.close();
  // Integers as SQLite has them: beyond 2^53 they are no numbers of JavaScript.
  const file = new Database(db, { readonly: true, safeIntegers: true });
  try {
    const row = file.query(`SELECT * FROM "${table}" WHERE id = ?`).get(id);
    return row === null ? null : toResource(row as Record<string, unknown>, layout);
  } finally {
    file.close();
  }
}

/** One text for equal JSON, whatever the order of its members. An attribute that is null may as well be absent. */
function canonical({ attributes, ...members }: Resource): string {
  const kept = Object.entries(attributes ?? {}).filter(([, value]) => value !== null);
  return JSON.stringify([sorted(Object.entries(members)), sorted(kept)]);
}

function sorted(entries: [string, unknown][]): [string, string][] {
  return entries
    .map(([name, value]): [string, string] => [JSON.stringify(name), JSON.stringify(value)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

const db = join(folder.path, "odd.db");
let server: Served;
let report: Omit<SyncReport, "streams"> & {
  streams: (SyncReport["streams"][number] & { rejected: number })[];
};
let stderr = "";

async function sync(): Promise<typeof report> {
  const args = ["sync", "customers", "tags", "--json", "--db", db, ...FAST];
  const ended = await run(args, { cwd: folder.path, env: server.env });
  // All of both is there but for rows that have an id and cannot be kept.
  if (ended.code !== 6) throw new Error(`sync ended ${ended.code}: ${ended.stderr}`);
  // What the first one said is what the tests ask for, in whatever order they run.
  stderr ||= ended.stderr;
  return JSON.parse(ended.stdout) as typeof report;
}

beforeAll(async () => {
  server = serveOdd();
  report = await sync();
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

describe.each(["customers", "tags"])("in %s,", (table) => {
  test.each(stored)("$name: stored, and read back as it was sent", ({ id, text }) => {
    const found = readBack(db, table, id);
    if (found === null) throw new Error(`no row ${id}`);
    const sent = table === "tags" ? asTag(text) : text;
    expect(canonical(found)).toBe(canonical(parseJson(sent) as Resource));
  });

  test("the same id many times in a page is its newest version", () => {
    expect(readBack(db, table, "twice")?.attributes).toMatchObject({ name: "of 2024-05-03" });
  });

  test("what nothing names is kept out, counted and told; all else is there", () => {
    const { status, rejected: count } = report.streams.find((each) => each.stream === table)!;
    // The newest rows of a search come more than once.
    const times = table === "tags" ? 1 : Math.max(1, Math.round(count / rejected.length));
    expect([status, count]).toEqual(["partial", times * rejected.length]);
    expect(stderr).toContain(`${table}: ${count} rows could not be stored and were kept out`);
    const file = new Database(db, { readonly: true });
    const ids = file.query<{ id: string }, []>(`SELECT id FROM "${table}"`).all();
    file.close();
    expect(ids.map(({ id }) => id).sort()).toEqual([...stored.map(({ id }) => id), "twice"].sort());
  });
});

test("SQLite's own functions read every column that holds JSON", () => {
  const store = openStore(db, { mode: "read" });
  const file = new Database(db, { readonly: true });
  for (const table of ["customers", "tags"]) {
    const json = store.layout(findStream(table)!).columns.filter(({ kind }) => kind === "json");
    expect(json.map(({ name }) => name)).toContain("_extra");
    for (const { name } of json) {
      const odd = file.query(`SELECT id FROM "${table}" WHERE json_valid("${name}") = 0`).all();
      expect([table, name, odd]).toEqual([table, name, []]);
    }
  }
  file.close();
  store.close();
});

test("a second sync of the same rows writes none of them", async () => {
  const again = await sync();
  expect(again.streams.map(({ written }) => written)).toEqual([0, 0]);
});
