import { describe, expect, test } from "bun:test";
import { parsePage, parseResources } from "../../src/kustomer/shapes.ts";
import { AppError } from "../../src/lib/errors.ts";
import { parseJson } from "../../src/lib/json.ts";

const row = (id: string) => ({ id, type: "tag", attributes: { name: id }, extra: { kept: true } });

function refusal(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("a page", () => {
  test("is its rows, as they came, and what the envelope says", () => {
    const body = {
      meta: {
        page: 2,
        pageSize: 100,
        total: 1_782_018,
        totalPages: 17_821,
        aggregations: {},
        timed_out: false,
      },
      links: { self: "/x", first: "/x", prev: null, next: "/v1/customers/search?page=3", last: "/y" },
      data: [row("a"), row("b")],
    };
    const page = parsePage(body);
    expect(page).toEqual({
      rows: body.data,
      rejected: 0,
      keptOut: [],
      total: 1_782_018,
      pageSize: 100,
      timedOut: false,
      next: "/v1/customers/search?page=3",
      bare: false,
    });
    expect(page.rows[0]).toBe(body.data[0]!);
  });

  test.each<[unknown, Partial<ReturnType<typeof parsePage>>]>([
    [{ data: [] }, { rows: [], total: null, pageSize: null, timedOut: false, next: null, bare: true }],
    [
      { data: [], meta: null, links: null },
      { total: null, pageSize: null, next: null, bare: true },
    ],
    [
      { data: [], meta: {}, links: {} },
      { total: null, pageSize: null, next: null, bare: false },
    ],
    [{ data: [], meta: "none" }, { bare: true }],
    [{ data: [], links: {} }, { bare: false }],
    [
      { data: [], meta: { total: null, pageSize: null, timed_out: null } },
      { total: null, timedOut: false },
    ],
    [
      { data: [], meta: { total: "7", pageSize: "50" } },
      { total: 7, pageSize: 50 },
    ],
    [
      { data: [], meta: { total: -1, pageSize: 0 } },
      { total: null, pageSize: null },
    ],
    [
      { data: [], meta: { total: 1.5, pageSize: {} } },
      { total: null, pageSize: null },
    ],
    [
      { data: [], meta: { total: 0, timed_out: true } },
      { total: 0, timedOut: true },
    ],
    [{ data: [], meta: [] }, { total: null }],
    [{ data: [], links: { next: "" } }, { next: null }],
  ])("says what it can: %j", (body, expected) => {
    expect(parsePage(body)).toMatchObject(expected);
  });

  test("leaves out rows that cannot be kept, and counts them", () => {
    const broken = [
      null,
      1,
      "x",
      [],
      {},
      { id: "" },
      { id: 7 },
      { id: null },
      { id: "\ud800" },
      { id: "z", attributes: [] },
    ];
    const page = parsePage({
      data: [row("a"), ...broken, { id: "b" }, { id: "c", attributes: null, meta: 1 }],
    });
    expect(page.rejected).toBe(broken.length);
    expect(page.keptOut).toEqual([
      ...Array(4).fill({ id: null, why: "is not an object" }),
      { id: null, why: "has no usable id" },
    ]);
    expect(page.rows).toEqual([row("a"), { id: "b", attributes: {} }, { id: "c", attributes: {}, meta: 1 }]);
  });

  describe("keeps out, counts and names a row that is nested too deep, and no other", () => {
    const deep: [name: string, open: string, close: string][] = [
      ["lists", "[", "]"],
      ["objects", '{"a":', "}"],
      ["lists beside others", "[{},[", "],[]]"],
      ["objects beside others", '{"x":[],"a":{"a":', '},"y":{}}'],
    ];
    test.each(deep)("%s", (_name, open, close) => {
      const perTurn = open.match(/[[{](?![\]}])/g)!.length;
      for (const levels of [996, 998, 5_000, 50_000]) {
        const turns = Math.ceil(levels / perTurn);
        const value = `${open.repeat(turns)}1${close.repeat(turns)}`;
        for (const odd of [
          `{"id":"odd","attributes":{"a":${value}}}`,
          `{"id":"odd","attributes":{},"meta":{"a":${value}}}`,
        ]) {
          const page = parsePage(parseJson(`{"data":[{"id":"a"},${odd},{"id":"b"}]}`));
          const kept = levels + 2 <= 998;
          expect(page.rows.map(({ id }) => id)).toEqual(kept ? ["a", "odd", "b"] : ["a", "b"]);
          expect(page.keptOut).toEqual(kept ? [] : [{ id: "odd", why: "is nested deeper than 998 levels" }]);
          expect(page.rejected).toBe(kept ? 0 : 1);
        }
      }
    });
  });

  test("touches no attribute, whatever its name", () => {
    const text =
      '{"data":[{"id":"a","attributes":{"__proto__":{"x":1},"constructor":2,"n":12345678901234567890}}]}';
    expect(JSON.stringify({ data: parsePage(parseJson(text)).rows })).toBe(text);
  });

  test.each<[unknown, string]>([
    [null, "found null"],
    ["text", "found a string"],
    [12, "found a number"],
    [parseJson("1e999"), "found a number"],
    [[row("a")], "found an array of 1"],
    [{}, "found an empty object"],
    [{ data: { id: "a" } }, "found an object with data"],
    [{ rows: [], a: 1, b: 1, c: 1, d: 1, e: 1 }, "found an object with rows, a, b, c, d, ..."],
    [{ data: [], links: { next: 7 } }, "its links.next not string"],
    [{ data: [], links: "x" }, "its links not Object"],
  ])("is not %j", (body, found) => {
    const error = refusal(() => parsePage(body));
    expect(error.code).toBe("shape");
    expect(error.message).toContain("expected a page of rows");
    expect(error.message).toContain(found);
  });

  test("is not an error body, whose words are kept", () => {
    const error = refusal(() => parsePage({ errors: [{ code: "x", message: "Search is down" }] }));
    expect(error.said).toBe("Search is down");
  });
});

describe("recorded answers", () => {
  test.each<[string, unknown, string[]]>([
    ["a page", { meta: {}, links: {}, data: [row("a"), row("b")] }, ["a", "b"]],
    ["an empty page", { data: [] }, []],
    ["an array", [row("a"), row("b")], ["a", "b"]],
    ["an empty array", [], []],
    ["one row inside data", { data: row("a") }, ["a"]],
    ["one row", row("a"), ["a"]],
    ["one row without attributes", { id: "a", type: "tag" }, ["a"]],
  ])("are %s", (_name, body, ids) => {
    const { rows, rejected } = parseResources(body);
    expect(rows.map(({ id }) => id)).toEqual(ids);
    expect(rejected).toBe(0);
  });

  test("with rows that cannot be kept say how many", () => {
    expect(parseResources([row("a"), 1, {}])).toMatchObject({ rejected: 2 });
    expect(parseResources({ attributes: {} })).toEqual({
      rows: [],
      rejected: 1,
      keptOut: [{ id: null, why: "has no usable id" }],
    });
    expect(parseResources([{ id: "z\n\u001b", attributes: [] }]).keptOut).toEqual([
      { id: "z", why: "has attributes that are not an object" },
    ]);
  });

  test.each([null, 1, "x", {}, { data: null }, { data: 1 }, { errors: [{ code: "x" }] }])(
    "are not %j",
    (body) => {
      expect(refusal(() => parseResources(body)).code).toBe("shape");
    },
  );
});
