import { describe, expect, test } from "bun:test";
import { ask, search, searchArchive, serve, standingClock } from "./ask.ts";

const START = Date.UTC(2026, 10, 23, 9, 30, 7, 250);
const QUERY = { queryContext: "tag" };
const GOOD = { queryContext: "customer" };
const rate = (headers: Headers) =>
  ["limit", "remaining", "reset"].map((name) => headers.get(`x-ratelimit-${name}`));

describe("the budget of the organisation", () => {
  test("is told with every answer, and refuses what goes beyond it until the window ends", async () => {
    const clock = standingClock(START);
    const sandbox = await serve({ rows: 300, rpm: 4, now: clock.now, rateWindowMs: 60_000 });
    expect(rate((await ask(sandbox, "/v1/teams")).headers)).toEqual(["4", "3", null]);
    expect(rate((await search(sandbox, GOOD)).headers)).toEqual(["4", "2", null]);
    expect(rate((await ask(sandbox, "/v1/nowhere")).headers)).toEqual(["4", "1", null]);
    expect(rate((await search(sandbox, QUERY)).headers)).toEqual(["4", "0", null]);
    clock.move(59_999);
    const refused = await ask(sandbox, "/v1/teams");
    expect(refused.status).toBe(429);
    expect(refused.page as unknown).toEqual({
      errors: [{ status: 429, code: "too_many_requests", title: "Too Many Requests" }],
    });
    expect(rate(refused.headers)).toEqual(["4", "0", String(Math.ceil((START + 60_000) / 1000))]);
    expect(refused.headers.get("retry-after")).toBeNull();
    clock.move(1);
    expect(rate((await ask(sandbox, "/v1/teams")).headers)).toEqual(["4", "3", null]);
    expect(sandbox.stats().windows).toEqual([
      { startedAt: START, requests: 4, searches: 2, refused: 1 },
      { startedAt: START + 60_000, requests: 1, searches: 0, refused: 0 },
    ]);
  });

  test("shows the end of the window at all times where the server does", async () => {
    const sandbox = await serve({ rows: 300, now: () => START, quirks: { resetAlways: true } });
    expect((await ask(sandbox, "/v1/teams")).headers.get("x-ratelimit-reset")).toBe(
      String(Math.ceil((START + 60_000) / 1000)),
    );
  });

  test("is not spent by a request without a key", async () => {
    const sandbox = await serve({ rows: 300, rpm: 1, now: () => START });
    expect((await ask(sandbox, "/v1/teams", { headers: { authorization: "Bearer x" } })).status).toBe(401);
    expect((await ask(sandbox, "/v1/teams")).status).toBe(200);
  });
});

describe("the budget of searches", () => {
  test("is one for search and archive, and never shows", async () => {
    const clock = standingClock(START);
    const sandbox = await serve({ rows: 300, rpm: 50, searchRpm: 2, now: clock.now, rateWindowMs: 10_000 });
    expect((await search(sandbox, GOOD)).status).toBe(200);
    expect((await searchArchive(sandbox, GOOD)).status).toBe(200);
    for (const ask of [search, searchArchive]) {
      const refused = await ask(sandbox, GOOD);
      expect(refused.status).toBe(429);
      // Refused requests are not counted as used.
      expect(rate(refused.headers)).toEqual(["50", "48", null]);
    }
    expect((await ask(sandbox, "/v1/teams")).status).toBe(200);
    clock.move(10_000);
    expect((await search(sandbox, GOOD)).status).toBe(200);
    expect(sandbox.stats()).toMatchObject({ requests: 4, searches: 3, refused: 2 });
  });
});

test("concurrent requests are counted as they arrive", async () => {
  const sandbox = await serve({ rows: 300, rpm: 10, latencyMs: 5, now: () => START });
  const answers = await Promise.all(Array.from({ length: 25 }, () => ask(sandbox, "/v1/teams")));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(15);
});
