import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AppError } from "../../src/lib/errors.ts";
import { createFaults, FAULT_KINDS, type FaultKind, parseFaults } from "../../src/sandbox/faults.ts";
import { type Asked, ask, listAll, search, serve, standingClock } from "./ask.ts";

const NOW = Date.UTC(2026, 10, 23, 9, 30, 0, 400);
const QUERY = { queryContext: "message", sort: [{ message_updated_at: "asc" }] };
const always = (kind: FaultKind) => serve({ rows: 500, now: () => NOW, faults: { [kind]: 1 }, slowMs: 30 });

/** What a client sees that wants JSON: the status, or how the reading failed. */
async function outcome(kind: FaultKind): Promise<string> {
  const sandbox = await always(kind);
  try {
    const response = await fetch(`${sandbox.url}/v1/customers/search`, {
      method: "POST",
      body: JSON.stringify(QUERY),
      headers: { authorization: `Bearer ${sandbox.apiKey}` },
    });
    JSON.parse(await response.text());
    return String(response.status);
  } catch (error) {
    return (error as Error).name === "SyntaxError" ? "not JSON" : String((error as { code?: string }).code);
  }
}

describe("a mix of faults", () => {
  test.each([
    ["5%", 0.05],
    ["0.05", 0.05],
    [" 12.5% ", 0.125],
    ["1", 1],
    ["0", 0],
  ])("%j is all kinds at that rate together", (text, rate) => {
    const mix = parseFaults(text);
    expect(Object.keys(mix).sort()).toEqual([...FAULT_KINDS].sort());
    expect(Object.values(mix).reduce((sum, share) => sum + share, 0)).toBeCloseTo(rate);
  });

  test("can be given by kind", () => {
    expect(parseFaults("500=2%,reset=1%, 429 = 0.5")).toEqual({ "500": 0.02, reset: 0.01, "429": 0.5 });
  });

  test.each([
    ["", "a rate is missing"],
    ["lots", 'there is no fault "lots"'],
    ["501=1%", 'there is no fault "501"'],
    ["toString=1%", 'there is no fault "toString"'],
    ["500", '"500" is not a rate'],
    ["500=", '"" is not a rate'],
    ["500=-1%", '"-1%" is not a rate'],
    ["500=1%=2", "is not a rate"],
    ["500=101%", '"101%" is not a rate'],
    ["500=1%,500=2%", "500 is there twice"],
    ["500=60%,502=60%", "the rates add up to 120%"],
    ["120%", '"120%" is not a rate from 0 to 100%'],
  ])("%j is not one, and the error says why", (text, why) => {
    try {
      parseFaults(text);
      throw new Error("it was understood");
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
      expect(error).toMatchObject({ code: "usage", at: "--faults" });
      expect((error as AppError).message).toContain(why);
      expect((error as AppError).hint).toContain("timedout");
    }
  });

  test("is drawn by the seed, as often as asked", () => {
    const draw = (seed: number) => {
      const faults = createFaults({ "500": 0.1, reset: 0.2 }, seed);
      return Array.from({ length: 4_000 }, () => faults.draw());
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    const count = (kind: FaultKind | null) => draw(1).filter((drawn) => drawn === kind).length;
    expect(count("500")).toBeWithin(300, 500);
    expect(count("reset")).toBeWithin(650, 950);
    expect(count("500") + count("reset") + count(null)).toBe(4_000);
  });

  test("of any rates that fit is understood", () => {
    const shares = fc.dictionary(fc.constantFrom(...FAULT_KINDS), fc.integer({ min: 0, max: 8 }), {
      minKeys: 1,
    });
    fc.assert(
      fc.property(shares, (mix) => {
        const text = Object.entries(mix).map(([kind, share]) => `${kind}=${share}%`);
        expect(parseFaults(text.join(","))).toEqual(
          Object.fromEntries(Object.entries(mix).map(([kind, share]) => [kind, share / 100])),
        );
      }),
    );
  });
});

describe("over HTTP", () => {
  test.each<[FaultKind, string]>([
    ["500", "500"],
    ["502", "not JSON"],
    ["503", "not JSON"],
    ["429", "429"],
    ["reset", "ECONNRESET"],
    ["cut", "ECONNRESET"],
    ["badjson", "not JSON"],
    ["html", "not JSON"],
    ["shape", "200"],
    ["timedout", "200"],
    ["short", "200"],
    ["slow", "200"],
  ])("%s is met as: %s", async (kind, seen) => {
    expect(await outcome(kind)).toBe(seen);
  });

  test("500 has an error body, 502 a page, 503 nothing, html a page that claims to be JSON", async () => {
    const [internal, gateway, unavailable, html] = await Promise.all(
      (["500", "502", "503", "html"] as const).map(async (kind) => search(await always(kind), QUERY)),
    );
    expect(internal!.page as unknown).toEqual({
      errors: [{ status: 500, code: "internal_error", title: "Internal Server Error" }],
    });
    expect([gateway!.status, gateway!.headers.get("content-type")]).toEqual([502, "text/html"]);
    expect(gateway!.text).toStartWith("<html>");
    expect([unavailable!.status, unavailable!.text]).toEqual([503, ""]);
    expect(html!.headers.get("content-type")).toStartWith("application/json");
    expect(html!.text).toStartWith("<!doctype html>");
  });

  test("429 says when to come back in each of the known ways, and in none", async () => {
    const sandbox = await always("429");
    const said: unknown[] = [];
    for (let nth = 0; nth < 7; nth++) {
      const { status, headers } = await search(sandbox, QUERY);
      expect(status).toBe(429);
      expect(headers.get("x-ratelimit-limit")).not.toBeNull();
      said.push([headers.get("retry-after"), headers.get("x-ratelimit-reset")]);
    }
    const soon = Math.ceil((NOW + 1_000) / 1000);
    expect(said).toEqual([
      ["1", null],
      [new Date(soon * 1000).toUTCString(), null],
      [null, String(soon)],
      [null, String(NOW + 1_000)],
      [null, "1"],
      [null, null],
      ["1", null],
    ]);
  });

  test("reset comes before the body: after the head, or instead of any answer", async () => {
    const sandbox = await always("reset");
    const heads: number[] = [];
    for (let nth = 0; nth < 4; nth++) {
      const head = await fetch(`${sandbox.url}/v1/teams`, {
        headers: { authorization: `Bearer ${sandbox.apiKey}` },
      }).catch(() => null);
      heads.push(head?.status ?? 0);
      expect((await head?.text().catch((error: { code: string }) => error.code)) ?? "ECONNRESET").toBe(
        "ECONNRESET",
      );
    }
    expect(heads.filter((status) => status === 0).length).toBeGreaterThanOrEqual(2);
  });

  test("cut sends the first half of what it promised", async () => {
    const sandbox = await always("cut");
    const response = await fetch(`${sandbox.url}/v1/teams`, {
      headers: { authorization: `Bearer ${sandbox.apiKey}` },
    });
    expect(response.status).toBe(200);
    expect(Number(response.headers.get("content-length"))).toBeGreaterThan(500);
    await expect(response.text()).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  test("badjson is whole for HTTP and broken for JSON", async () => {
    const { text, headers } = await search(await always("badjson"), QUERY);
    expect(Buffer.byteLength(text)).toBe(Number(headers.get("content-length")));
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
  });

  test("shape is JSON without what a page has", async () => {
    const sandbox = await always("shape");
    for (let nth = 0; nth < 5; nth++) {
      const { page } = await search(sandbox, QUERY);
      expect(Array.isArray(page?.data)).toBe(false);
    }
  });

  test("timedout says so and leaves rows out; short leaves rows out and says nothing", async () => {
    const honest = (await search(await serve({ rows: 500, now: () => NOW }), QUERY)).page;
    const timedout = (await search(await always("timedout"), QUERY)).page;
    expect(timedout.meta).toEqual({ ...honest.meta, timed_out: true });
    expect(timedout.data.length).toBeLessThan(honest.data.length);
    const short = (await search(await always("short"), QUERY)).page;
    expect(short.meta).toEqual(honest.meta);
    expect(short.links).toEqual(honest.links);
    expect(short.data).toEqual(honest.data.slice(0, short.data.length));
    expect(short.data.length).toBeLessThan(honest.data.length);
  });

  test("a list can be neither timed out nor short: it fails instead", async () => {
    for (const kind of ["timedout", "short"] as const) {
      const sandbox = await always(kind);
      expect((await ask(sandbox, "/v1/teams")).status).toBe(500);
      expect(sandbox.stats().faultsByKind).toEqual({ "500": 1 });
    }
  });

  test("slow is the whole answer in the end", async () => {
    const slow = await search(await always("slow"), QUERY);
    expect(slow.page).toEqual((await search(await serve({ rows: 500, now: () => NOW }), QUERY)).page);
  });

  test("a patient client gets everything in spite of them", async () => {
    const clock = standingClock(NOW);
    const sandbox = await serve({
      rows: 1_000,
      now: clock.now,
      faults: { "500": 0.2, cut: 0.1, badjson: 0.1 },
    });
    const ids = new Set<string>();
    for (let next: string | null = "/v1/messages?pageSize=10"; next !== null; ) {
      const answer: Asked | null = await ask(sandbox, next).catch(() => null);
      if (answer?.status !== 200 || answer.page === null) continue;
      for (const { id } of answer.page.data) ids.add(id);
      next = answer.page.links.next ?? null;
    }
    expect([...ids].sort()).toEqual(
      [...sandbox.truth("messages")]
        .filter((row) => !row.deleted)
        .map(({ id }) => id)
        .sort(),
    );
    const { faults, faultsByKind } = sandbox.stats();
    expect(faults).toBeGreaterThan(5);
    expect(Object.values(faultsByKind).reduce((sum, count) => sum + count, 0)).toBe(faults);
  });

  test("control endpoints meet none", async () => {
    const sandbox = await always("500");
    for (let nth = 0; nth < 5; nth++) expect((await fetch(`${sandbox.url}/_sandbox/stats`)).status).toBe(200);
    await expect(listAll(sandbox, "/v1/teams")).rejects.toThrow("500");
  });
});
