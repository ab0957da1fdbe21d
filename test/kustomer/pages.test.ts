import { describe, expect, test } from "bun:test";
import { pathOfLink } from "../../src/kustomer/address.ts";
import { listPage } from "../../src/kustomer/list.ts";
import { type SearchRequest, searchPage } from "../../src/kustomer/search.ts";
import { connect, failure, KEY, serve } from "./serve.ts";

const rows = [{ id: "a", type: "note", attributes: {} }];
const FROM = Date.parse("2024-01-31T00:00:00.007Z");
const TO = Date.parse("2024-02-01T00:00:00.000Z");

describe("a search", () => {
  const base: SearchRequest = { context: "note", archive: false, from: FROM, to: TO, page: 1, pageSize: 500 };
  const gte = { note_updated_at: { gte: "2024-01-31T00:00:00.007Z" } };
  const lt = { note_updated_at: { lt: "2024-02-01T00:00:00.000Z" } };
  const rest = { includeDeleted: true, timeZone: "GMT" };

  test.each<[string, Partial<SearchRequest>, string, unknown]>([
    [
      "of a range",
      {},
      "/v1/customers/search?page=1&pageSize=500",
      { and: [gte, lt], sort: [{ note_updated_at: "asc" }] },
    ],
    [
      "without an end",
      { to: null, page: 3 },
      "/v1/customers/search?page=3&pageSize=500",
      { and: [gte], sort: [{ note_updated_at: "asc" }] },
    ],
    [
      "of the archive",
      { archive: true, pageSize: 1 },
      "/v1/customers/archive/search?page=1&pageSize=1",
      { and: [gte, lt], sort: [{ note_updated_at: "asc" }] },
    ],
    [
      "split by creation",
      { createdFrom: FROM, createdTo: TO, sort: "created_at" },
      "/v1/customers/search?page=1&pageSize=500",
      {
        and: [gte, lt, { note_created_at: gte.note_updated_at }, { note_created_at: lt.note_updated_at }],
        sort: [{ note_created_at: "asc" }],
      },
    ],
  ])("%s is asked for as documented", async (_name, change, address, body) => {
    await using server = serve(() => Response.json({ data: rows }));
    await searchPage(connect(server.baseUrl), { ...base, ...change });
    const [request] = server.requests;
    expect(request?.method).toBe("POST");
    expect(request?.url).toBe(server.baseUrl + address);
    expect(JSON.parse(request?.body ?? "")).toEqual({ queryContext: "note", ...(body as object), ...rest });
  });

  test("brings the page, its size as the server says it, and what it took", async () => {
    const date = "Mon, 23 Nov 2026 01:02:03 GMT";
    const meta = { page: 1, pageSize: 100, total: 5_000, totalPages: 50, timed_out: true };
    const next = "/v1/customers/search?page=2&pageSize=100";
    await using server = serve((_request, count) =>
      count === 1
        ? new Response("", { status: 500 })
        : Response.json({ meta, links: { next }, data: [...rows, {}] }, { headers: { date } }),
    );
    expect(await searchPage(connect(server.baseUrl), { ...base, pageSize: 1_000 })).toEqual({
      rows,
      rejected: 1,
      keptOut: [{ id: null, why: "has no usable id" }],
      total: 5_000,
      pageSize: 100,
      timedOut: true,
      next,
      serverTime: Date.parse(date),
      requests: 2,
    });
  });

  test.each([{ data: [] }, { data: [], meta: null, links: null }])(
    "is not proved to be empty by %j: that is asked again, and is a failure where it stays so",
    async (body) => {
      await using once = serve((_request, count) =>
        Response.json(count === 1 ? body : { ...body, meta: { total: 0 } }),
      );
      expect(await searchPage(connect(once.baseUrl), base)).toMatchObject({ rows: [], requests: 2 });
      await using always = serve(() => Response.json(body));
      const error = await failure(searchPage(connect(always.baseUrl), base));
      expect(error.code).toBe("shape");
      expect(error.message).toContain("it is empty, and says neither how much there is nor where it goes on");
      expect(always.requests).toHaveLength(6);
    },
  );

  test.each([{ data: [], meta: {} }, { data: [], links: {} }, { data: [{}] }])("may be %j", async (body) => {
    await using server = serve(() => Response.json(body));
    expect(await searchPage(connect(server.baseUrl), base)).toMatchObject({ rows: [], requests: 1 });
  });

  test("of rows of another type is a fault that names both types", async () => {
    const kinds = ["note", "note.special", undefined, 7].map((type, at) => ({ id: `${at}`, type }));
    const stranger = { id: "c1", type: "customer", attributes: {} };
    await using server = serve((_request, count) =>
      Response.json({ data: count === 1 ? [...kinds, stranger] : kinds, meta: {} }),
    );
    const accepts = (type: string) => type.startsWith("note");
    const page = await searchPage(connect(server.baseUrl), { ...base, accepts });
    expect(page).toMatchObject({ requests: 2, rejected: 0 });
    expect(page.rows.map(({ id }) => id)).toEqual(["0", "1", "2", "3"]);
    await using always = serve(() => Response.json({ data: [stranger] }));
    const error = await failure(searchPage(connect(always.baseUrl), { ...base, accepts }));
    expect(error.code).toBe("shape");
    expect(error.message).toContain("asked for note, it holds a row of type customer (c1)");
    expect((await searchPage(connect(always.baseUrl), base)).rows).toHaveLength(1);
  });

  test("takes the size asked for where the server says none", async () => {
    await using server = serve(() => Response.json({ data: rows }));
    expect(await searchPage(connect(server.baseUrl), base)).toMatchObject({
      pageSize: 500,
      total: null,
      next: null,
    });
  });

  test("draws from the search budget, and a list does not", async () => {
    await using server = serve(() => Response.json({ data: rows }));
    const client = connect(server.baseUrl, {}, { searchPerWindow: 1 });
    await searchPage(client, base);
    await listPage(client, { path: "/v1/tags" });
    expect(client.waits).toEqual([]);
    await searchPage(client, base);
    expect(client.waits).toHaveLength(1);
  });
});

describe("a list", () => {
  test("is read to its end by its own links", async () => {
    await using server = serve(({ url }) => {
      const page = Number(new URL(url).searchParams.get("page") ?? 1);
      const next = page < 3 ? `/v1/users?deleted=true&page=${page + 1}&pageSize=2` : null;
      return Response.json({
        meta: { page, pageSize: 2 },
        links: { next },
        data: [{ id: `u${page}`, attributes: {} }],
      });
    });
    const client = connect(server.baseUrl);
    const ids: string[] = [];
    let page = await listPage(client, { path: "/v1/users", query: { deleted: "true", pageSize: 2 } });
    ids.push(...page.rows.map(({ id }) => id));
    while (page.next !== null) {
      page = await listPage(client, { path: page.next });
      ids.push(...page.rows.map(({ id }) => id));
    }
    expect(ids).toEqual(["u1", "u2", "u3"]);
    expect(server.requests.map(({ url }) => url.slice(server.baseUrl.length))).toEqual([
      "/v1/users?deleted=true&pageSize=2",
      "/v1/users?deleted=true&page=2&pageSize=2",
      "/v1/users?deleted=true&page=3&pageSize=2",
    ]);
  });

  test("may be empty without a word, and holds rows of its own type only, where that is asked", async () => {
    await using server = serve((_request, count) =>
      Response.json({ data: count === 1 ? [] : [{ id: "c1", type: "customer" }] }),
    );
    const ask = { path: "/v1/users?deleted=true", accepts: (type: string) => type === "user" };
    const client = connect(server.baseUrl);
    expect(await listPage(client, ask)).toMatchObject({ rows: [], requests: 1 });
    const error = await failure(listPage(client, ask));
    expect(error.code).toBe("shape");
    expect(error.message).toContain("asked for /v1/users, it holds a row of type customer (c1)");
  });

  test("takes the page size it asked for where the server says none", async () => {
    await using server = serve(() => Response.json({ data: [] }));
    const client = connect(server.baseUrl);
    expect(await listPage(client, { path: "/v1/tags", query: { pageSize: 40 } })).toMatchObject({
      pageSize: 40,
    });
    expect(await listPage(client, { path: "/v1/tags?pageSize=30" })).toMatchObject({ pageSize: 30 });
    expect(await listPage(client, { path: "/v1/tags" })).toMatchObject({ pageSize: 100 });
  });

  test.each([
    "https://evil.example/v1/users?page=2",
    "//evil.example/v1/users?page=2",
    "\\\\evil.example/v1/users",
    "/\t/evil.example/v1/users",
    `https://${KEY}@evil.example/`,
    "http://127.0.0.1:1/v1/users",
    "javascript:alert(1)",
    "https://[broken",
  ])("does not follow %p", async (next) => {
    await using server = serve(() => Response.json({ data: rows, links: { next } }));
    const error = await listPage(connect(server.baseUrl), { path: "/v1/users" }).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: "shape" });
    expect(error.message).not.toContain("SECRET");
    expect(server.requests.every(({ url }) => url === `${server.baseUrl}/v1/users`)).toBe(true);
  });

  test("does not go round in circles", async () => {
    const next = "/v1/users?page=2&pageSize=2";
    await using server = serve(() => Response.json({ data: rows, links: { next } }));
    const error = await listPage(connect(server.baseUrl), { path: next }).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: "shape" });
    expect(error.message).toContain("names the same page");
  });
});

test.each([
  ["https://a.example", "/v1/users?page=2", "/v1/users?page=2"],
  ["https://a.example", "https://a.example/v1/users?page=2", "/v1/users?page=2"],
  ["https://a.example", "?page=2", "/v1/now?page=2"],
  ["https://a.example/proxy", "/v1/users?page=2", "/v1/users?page=2"],
  ["https://a.example/proxy", "/proxy/v1/users?page=2", "/v1/users?page=2"],
  ["https://a.example/proxy", "https://a.example/proxy/v1/users", "/v1/users"],
  ["https://a.example/proxy", "?page=2", "/v1/now?page=2"],
  ["http://[::1]:80", "http://[::1]/v1/users#part", "/v1/users"],
])("below %s the link %p is the path %s", (base, link, path) => {
  expect(pathOfLink(base, link, "/v1/now?page=1")).toBe(path);
});
