import { describe, expect, test } from "bun:test";
import { type RequestEntry, startSandbox } from "../../src/sandbox/sandbox.ts";
import { ask, errorOf, search, searchArchive, serve, standingClock } from "./ask.ts";

const NOW = Date.UTC(2026, 10, 23, 9, 30);
const sandbox = await serve({ rows: 500, now: () => NOW });

describe("the key", () => {
  test.each(["", "Bearer wrong", "Basic sandbox-key", "sandbox-key"])(
    "%j is refused",
    async (authorization) => {
      const { status, page } = await ask(sandbox, "/v1/messages", { headers: { authorization } });
      expect(status).toBe(401);
      expect(errorOf(page)).toEqual({
        status: 401,
        code: "unauthorized",
        title: "Unauthorized",
        source: { parameters: "authorization" },
      });
      const plain = await ask(sandbox, "/v1/customers/search", {
        method: "POST",
        body: "{}",
        headers: { authorization },
      });
      expect(plain.status).toBe(401);
      expect(errorOf(plain.page)).toEqual({ status: 401, code: "unauthorized", title: "Unauthorized" });
    },
  );

  test("tells its roles and its user", async () => {
    const { page } = await ask(sandbox, "/v1/auth/tokens/current");
    const { attributes, relationships } = page.data as unknown as {
      attributes: { roles: string[]; lastTokenChars: string };
      relationships: { user: { data: { id: string } } };
    };
    expect(attributes.roles).toContain("org.permission.note.read");
    expect(attributes.roles).toContain("org.permission.search.create");
    expect(attributes.lastTokenChars).toBe("-key");
    const user = (await ask(sandbox, "/v1/users/current")).page.data as unknown as {
      id: string;
      attributes: { userType: string };
    };
    expect(user.id).toBe(relationships.user.data.id);
    expect(user.attributes.userType).toBe("machine");
  });

  test("without a role may not read that stream, and all else it may", async () => {
    const limited = await serve({ rows: 500, withoutRole: ["notes", "teams"] });
    const refused = await search(limited, { queryContext: "note" });
    expect(refused.status).toBe(403);
    expect(errorOf(refused.page)).toEqual({
      status: 403,
      code: "forbidden",
      title: "Missing role org.permission.note.read",
    });
    const listed = await ask(limited, "/v1/teams");
    expect(listed.status).toBe(403);
    expect(errorOf(listed.page)).toMatchObject({
      status: 403,
      title: "Missing role org.permission.team.read",
    });
    expect((await ask(limited, "/v1/notes")).status).toBe(403);
    expect((await search(limited, { queryContext: "message" })).status).toBe(200);
    const { page } = await ask(limited, "/v1/auth/tokens/current");
    expect(JSON.stringify(page)).not.toContain("org.permission.note.read");
  });

  test("without the role of search may not search; the status may be 401", async () => {
    const limited = await serve({ rows: 500, withoutRole: ["search"], quirks: { roleStatus: 401 } });
    for (const asked of [search, searchArchive]) {
      const { status, text } = await asked(limited, { queryContext: "message" });
      expect(status).toBe(401);
      expect(text).toContain("Missing role org.permission.search.create");
    }
  });
});

describe("requests that lead nowhere", () => {
  test.each(["/v1/nowhere", "/", "/v1/customers/search", "/v1/constructor", "/v2/users"])(
    "GET %s is not found",
    async (path) => {
      const { status, page } = await ask(sandbox, path);
      expect(status).toBe(404);
      expect(errorOf(page)).toEqual({ status: 404, code: "notfound", title: "Not Found" });
    },
  );

  test("a body over 100 kB is refused", async () => {
    const ids = Array.from({ length: 5_000 }, (_, nth) => `${nth}`.padStart(24, "0"));
    const { status } = await search(sandbox, {
      queryContext: "customer",
      and: [{ customer_id: { in: ids } }],
    });
    expect(status).toBe(413);
    const few = ids.slice(0, 3_000);
    expect(
      (await search(sandbox, { queryContext: "customer", and: [{ customer_id: { in: few } }] })).status,
    ).toBe(200);
  });
});

describe("a slash at the end of a path", () => {
  test("makes no difference", async () => {
    for (const path of ["/v1/teams", "/v1/users/current", "/v1/auth/tokens/current"]) {
      expect([path, (await ask(sandbox, `${path}/`)).page]).toEqual([path, (await ask(sandbox, path)).page]);
    }
    const body = JSON.stringify({ queryContext: "message" });
    const slashed = await ask(sandbox, "/v1/customers/search/?pageSize=2", { method: "POST", body });
    expect(slashed.page).toEqual((await search(sandbox, { queryContext: "message" }, "pageSize=2")).page);
    for (const path of ["/v1/nowhere/", "/v1/teams//", "/v1/"])
      expect((await ask(sandbox, path)).status).toBe(404);
  });

  test("counts as the same path", async () => {
    const own = await serve({ rows: 300 });
    await ask(own, "/v1/teams/");
    await ask(own, "/v1/teams");
    expect(own.stats().byPath).toEqual({ "GET /v1/teams": 2 });
  });
});

describe("every answer", () => {
  test("carries the server's date", async () => {
    for (const path of ["/v1/teams", "/v1/nowhere"]) {
      const { headers } = await ask(sandbox, path);
      expect(headers.get("date")).toBe(new Date(NOW).toUTCString());
      expect(headers.get("x-ratelimit-limit")).toBe("1000000");
    }
  });

  test("is logged where somebody wants it", async () => {
    const entries: RequestEntry[] = [];
    const logged = await serve({
      rows: 300,
      faults: { "500": 1 },
      logRequests: (entry) => entries.push(entry),
    });
    await ask(logged, "/v1/teams?page=1");
    expect(entries).toEqual([
      { method: "GET", path: "/v1/teams?page=1", status: 500, fault: "500", ms: expect.any(Number) },
    ]);
  });
});

describe("control", () => {
  const control = async (path: string, method = "GET") => {
    const response = await fetch(`${sandbox.url}/_sandbox/${path}`, { method });
    return { status: response.status, text: await response.text() };
  };

  test("truth is the same as the program's, a line a row", async () => {
    const { text } = await control("truth?stream=messages");
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([...sandbox.truth("messages")]);
    expect((await control("truth?stream=boats")).status).toBe(400);
    expect(() => sandbox.truth("boats")).toThrow();
  });

  test("truth of many rows comes whole", async () => {
    const large = await serve({ rows: 20_000 });
    const text = await (await fetch(`${large.url}/_sandbox/truth?stream=messages`)).text();
    expect(text.trimEnd().split("\n")).toHaveLength([...large.truth("messages")].length);
  });

  test("row is the whole resource", async () => {
    const { page } = await search(sandbox, { queryContext: "kobject" }, "pageSize=1");
    const { status, text } = await control(`row?stream=kobjects&id=${page.data[0]!.id}`);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual(page.data[0]);
    expect((await control("row?stream=kobjects&id=000000000000000000000000")).status).toBe(404);
  });

  test("change makes changes and says how many", async () => {
    const { text } = await control("change?count=30", "POST");
    expect(JSON.parse(text).messages.created).toBeGreaterThan(0);
    expect((await control("change?count=many", "POST")).status).toBe(400);
    expect((await control("nothing")).status).toBe(404);
  });

  test("stats count by path, and searches that were answered before", async () => {
    const counted = await serve({ rows: 500 });
    await search(counted, { queryContext: "message" });
    await search(counted, { queryContext: "message" });
    await search(counted, { queryContext: "message" }, "page=2");
    await search(counted, { queryContext: "nonsense" });
    await search(counted, { queryContext: "nonsense" });
    await ask(counted, "/v1/teams");
    await ask(counted, "/v1/nowhere");
    const stats = JSON.parse(await (await fetch(`${counted.url}/_sandbox/stats`)).text());
    expect(stats).toEqual(JSON.parse(JSON.stringify(counted.stats())));
    expect(stats).toMatchObject({
      requests: 7,
      searches: 5,
      refused: 0,
      faults: 0,
      duplicates: 1,
      byPath: { "POST /v1/customers/search": 5, "GET /v1/teams": 1, unknown: 1 },
    });
  });

  test("a search that met a fault was not answered before", async () => {
    const faulty = await serve({ rows: 500, faults: { short: 1 } });
    for (let nth = 0; nth < 3; nth++) await search(faulty, { queryContext: "message" });
    expect(faulty.stats().duplicates).toBe(0);
  });
});

describe("a sandbox", () => {
  test("listens on loopback only, and not at all once stopped", async () => {
    const own = await startSandbox({ rows: 100 });
    expect(own.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await ask(own, "/v1/teams")).status).toBe(200);
    await own.stop();
    await expect(ask(own, "/v1/teams")).rejects.toThrow();
  });

  test("stops with answers still owed", async () => {
    const own = await startSandbox({ rows: 100, latencyMs: 600_000 });
    const owed = ask(own, "/v1/teams").then(
      () => "answered",
      () => "broken off",
    );
    while (own.stats().requests === 0) await Bun.sleep(1);
    await own.stop();
    expect(await owed).toBe("broken off");
  });

  test("can be empty", async () => {
    const empty = await serve({ rows: 0 });
    for (const path of ["/v1/users", "/v1/users?deleted=true", "/v1/teams", "/v1/tags", "/v1/notes"]) {
      expect((await ask(empty, path)).page.data).toEqual([]);
    }
    expect((await search(empty, { queryContext: "message" })).page.meta.total).toBe(0);
    expect((await ask(empty, "/v1/users/current")).status).toBe(200);
    expect((await ask(empty, "/v1/auth/tokens/current")).status).toBe(200);
  });

  test("says so when its port is taken", async () => {
    const port = Number(new URL(sandbox.url).port);
    await expect(startSandbox({ rows: 100, port })).rejects.toMatchObject({
      code: "usage",
      hint: expect.stringContaining("--port"),
    });
  });

  test("keeps its own time", async () => {
    const clock = standingClock(Date.UTC(2020, 0, 1, 12));
    const past = await serve({ rows: 500, now: clock.now });
    const { page, headers } = await search(past, {
      queryContext: "message",
      sort: [{ message_updated_at: "desc" }],
    });
    expect(headers.get("date")).toBe("Wed, 01 Jan 2020 12:00:00 GMT");
    expect(page.data[0]!.attributes.updatedAt as string).toStartWith("2019-12-");
  });
});
