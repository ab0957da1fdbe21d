import { describe, expect, test } from "bun:test";
import { getEventListeners } from "node:events";
import fc from "fast-check";
import {
  type AnswerInfo,
  type Budget,
  createLimiter,
  type Limiter,
  type LimiterOptions,
} from "../../src/kustomer/limiter.ts";
import { createVirtualClock, type VirtualClock } from "./virtual-clock.ts";

const QUIET: AnswerInfo = { status: 200, limit: null, remaining: null, resetMs: null, retryAfterMs: null };

function setUp(options: Partial<LimiterOptions> = {}): { clock: VirtualClock; limiter: Limiter } {
  const clock = createVirtualClock();
  const limiter = createLimiter({
    windowMs: 60_000,
    searchPerWindow: 100,
    orgPerWindow: 1_000,
    share: 1,
    now: clock.now,
    wait: clock.wait,
    ...options,
  });
  return { clock, limiter };
}

/** How many requests of a kind may go at once; each is answered at once with `answer`. */
async function burst(clock: VirtualClock, limiter: Limiter, budget: Budget, answer = QUIET): Promise<number> {
  const stop = new AbortController();
  let granted = 0;
  const asked = Array.from({ length: 1_100 }, async () => {
    const permit = await limiter.acquire(budget, stop.signal);
    granted += 1;
    permit.done(answer);
  });
  await clock.advance(0);
  stop.abort();
  await Promise.allSettled(asked);
  return granted;
}

async function ask(limiter: Limiter, budget: Budget, answer: Partial<AnswerInfo>): Promise<void> {
  (await limiter.acquire(budget)).done({ ...QUIET, ...answer });
}

/** Milliseconds until the next request of a kind may go; it is answered quietly. */
async function delay(clock: VirtualClock, limiter: Limiter, budget: Budget): Promise<number> {
  const from = clock.now();
  (await clock.run(limiter.acquire(budget))).done(QUIET);
  return clock.now() - from;
}

/** A server with fixed windows; it counts a request somewhere between its sending and its answer. */
function createServer(clock: VirtualClock, windowMs: number, offset: number, limit: number) {
  const counts = new Map<number, number>();
  return {
    counts,
    async answer(there: number, back: number): Promise<AnswerInfo> {
      await clock.wait(there);
      const window = Math.floor((clock.now() - offset) / windowMs);
      const count = (counts.get(window) ?? 0) + 1;
      counts.set(window, count);
      await clock.wait(back);
      return { ...QUIET, status: count > limit ? 429 : 200, limit, remaining: Math.max(0, limit - count) };
    },
  };
}

describe("the budget", () => {
  test("is never exceeded in any server window, and is used to nine tenths while there is demand", async () => {
    const scenario = fc.record({
      windowMs: fc.integer({ min: 500, max: 60_000 }),
      offset: fc.integer({ min: 0, max: 60_000 }),
      limit: fc.integer({ min: 1, max: 120 }),
      workers: fc.integer({ min: 8, max: 40 }),
      budget: fc.constantFrom<Budget>("search", "org"),
      latency: fc.infiniteStream(fc.double({ min: 0, max: 0.02, noNaN: true })),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ windowMs, offset, limit, workers, budget, latency }) => {
        const perWindow =
          budget === "search"
            ? { searchPerWindow: limit, orgPerWindow: 100_000 }
            : { searchPerWindow: 100_000, orgPerWindow: limit };
        const { clock, limiter } = setUp({ windowMs, ...perWindow });
        const server = createServer(clock, windowMs, offset, limit);
        // The first answer proves the budget; from then on all of it is in demand.
        const first = await limiter.acquire(budget);
        first.done(await clock.run(server.answer(0, 0)));
        const end = clock.now() + 6 * windowMs;
        const work = async () => {
          while (clock.now() < end) {
            const permit = await limiter.acquire(budget);
            const there = latency.next().value * windowMs;
            permit.done(await server.answer(there, latency.next().value * windowMs));
          }
        };
        await clock.run(Promise.all(Array.from({ length: workers }, work)));
        expect(Math.max(...server.counts.values())).toBeLessThanOrEqual(limit);
        const total = [...server.counts.values()].reduce((sum, count) => sum + count, 0);
        expect(total).toBeGreaterThanOrEqual(Math.floor(0.9 * 6 * limit));
      }),
      { numRuns: 30 },
    );
  });

  test("holds a slot until a window after the answer, however slow the answer", async () => {
    const { clock, limiter } = setUp({ orgPerWindow: 1 });
    const slow = await limiter.acquire("org");
    await clock.advance(200_000);
    slow.done(QUIET);
    expect(await delay(clock, limiter, "org")).toBe(60_000);
  });

  test("holds the slot of a request that was never answered", async () => {
    const { clock, limiter } = setUp({ orgPerWindow: 1 });
    (await limiter.acquire("org")).done(null);
    expect(await delay(clock, limiter, "org")).toBe(60_000);
  });

  test("gives one slot back for one answer, however often it is told of it", async () => {
    const { clock, limiter } = setUp({ orgPerWindow: 2 });
    await ask(limiter, "org", {});
    await clock.advance(60_000);
    const permit = await limiter.acquire("org");
    await limiter.acquire("org");
    permit.done(QUIET);
    permit.done(QUIET);
    await clock.advance(60_000);
    expect(await burst(clock, limiter, "org")).toBe(1);
  });

  test.each([
    { given: null, share: 0.5, allowed: 150 },
    { given: null, share: 1, allowed: 300 },
    { given: 1_000, share: 0.5, allowed: 500 },
    { given: 3, share: 0.1, allowed: 1 },
  ])("of the organisation, before any answer: %p", async ({ given, share, allowed }) => {
    const { clock, limiter } = setUp({ orgPerWindow: given, share });
    expect(await burst(clock, limiter, "org")).toBe(allowed);
  });

  test("of searches is not shared out, and is drawn from the organisation's too", async () => {
    const { clock, limiter } = setUp({ share: 0.15 });
    expect(await burst(clock, limiter, "search")).toBe(100);
    expect(await burst(clock, limiter, "org")).toBe(50);
  });

  test("lets lists go on while searches wait for theirs", async () => {
    const { clock, limiter } = setUp({ searchPerWindow: 1 });
    await ask(limiter, "search", {});
    const search = limiter.acquire("search");
    expect(await delay(clock, limiter, "org")).toBe(0);
    await clock.run(search);
  });
});

describe("the headers", () => {
  const cases: [string, Budget, Partial<AnswerInfo>[], { search: number; org: number }][] = [
    ["a list's limit is the organisation's", "org", [{ limit: 800 }], { search: 100, org: 400 }],
    [
      "the newest limit counts, lower or higher",
      "org",
      [{ limit: 800 }, { limit: 2_000 }],
      { search: 100, org: 1_000 },
    ],
    ["a search may lower the search limit", "search", [{ limit: 60 }], { search: 60, org: 150 }],
    [
      "a search never raises it",
      "search",
      [{ limit: 60 }, { limit: 90 }, { limit: 5_000 }],
      { search: 60, org: 150 },
    ],
    ["an answer without limit changes nothing", "org", [{ remaining: 700 }], { search: 100, org: 150 }],
  ];
  test.each(cases)("%s", async (_name, budget, answers, expected) => {
    const { limiter } = setUp({ orgPerWindow: null, share: 0.5 });
    for (const answer of answers) await ask(limiter, budget, answer);
    expect(limiter.stats()).toMatchObject(expected);
  });

  test("of a search that carry the organisation's known limit are the organisation's", async () => {
    const { limiter } = setUp({ orgPerWindow: null });
    await ask(limiter, "org", { limit: 80 });
    await ask(limiter, "search", { limit: 80 });
    expect(limiter.stats()).toMatchObject({ search: 100, org: 80, orgLimit: 80 });
  });

  test.each([
    { told: 400, org: 200 },
    { told: 2_000, org: 500 },
  ])("lower a limit that was given, and do not raise it: %p", async ({ told, org }) => {
    const { limiter } = setUp({ orgPerWindow: 1_000, share: 0.5 });
    await ask(limiter, "org", { limit: told });
    expect(limiter.stats()).toMatchObject({ org, orgLimit: told });
  });

  test("saying that others have used it all pause until the reset", async () => {
    const { clock, limiter } = setUp({ share: 0.5 });
    await ask(limiter, "org", { limit: 1_000, remaining: 0, resetMs: 17_000 });
    expect(await delay(clock, limiter, "org")).toBe(17_000);
  });

  test("saying so without a reset pause for a window", async () => {
    const { clock, limiter } = setUp({ share: 0.5 });
    await ask(limiter, "org", { limit: 1_000, remaining: 0 });
    expect(await delay(clock, limiter, "org")).toBe(60_000);
  });

  test("saying that less remains than is in flight pause as well", async () => {
    const { clock, limiter } = setUp({ share: 0.5 });
    await ask(limiter, "org", {});
    const flying = await Promise.all(Array.from({ length: 5 }, () => limiter.acquire("org")));
    await ask(limiter, "org", { limit: 1_000, remaining: 4, resetMs: 9_000 });
    for (const permit of flying) permit.done(null);
    expect(await delay(clock, limiter, "org")).toBe(9_000);
  });

  test("that our own requests explain do not pause", async () => {
    const { clock, limiter } = setUp({ orgPerWindow: 10 });
    for (let sent = 1; sent < 10; sent += 1) await ask(limiter, "org", { limit: 10, remaining: 10 - sent });
    await clock.advance(30_000);
    await ask(limiter, "org", { limit: 10, remaining: 0 });
    expect(await delay(clock, limiter, "org")).toBe(30_000);
  });
});

describe("one request goes ahead of all others", () => {
  /** A server that an earlier run has left with nothing for a while, and eight workers that do not know. */
  async function work(limiter: Limiter, clock: VirtualClock, openAt: number): Promise<number> {
    let refused = 0;
    const worker = async () => {
      for (let asked = 0; asked < 5; asked += 1) {
        const permit = await limiter.acquire("search");
        await clock.wait(100);
        const status = clock.now() < openAt ? 429 : 200;
        if (status === 429) refused += 1;
        permit.done({ ...QUIET, status, resetMs: status === 429 ? openAt - clock.now() : null });
      }
    };
    await clock.run(Promise.all(Array.from({ length: 8 }, worker)));
    return refused;
  }

  test("at the start, so that a window that was spent before costs one refusal", async () => {
    const { clock, limiter } = setUp();
    expect(await work(limiter, clock, clock.now() + 20_000)).toBe(1);
  });

  test("also where the first answer was to a list, which says nothing of searches", async () => {
    const { clock, limiter } = setUp();
    await ask(limiter, "org", {});
    expect(await work(limiter, clock, clock.now() + 20_000)).toBe(1);
  });

  test("and again after a refusal, until an answer shows that the window is open", async () => {
    const { clock, limiter } = setUp();
    await ask(limiter, "search", {});
    await ask(limiter, "search", { status: 429, resetMs: 1_000 });
    expect(await work(limiter, clock, clock.now() + 20_000)).toBe(1);
  });
});

describe("a refusal", () => {
  test.each([
    ["pauses until the reset", 12_000, 12_000],
    ["without a reset pauses for the rest of a window from its sending", null, 57_000],
    ["pauses a moment at least", 0, 250],
    ["pauses two minutes at most", 9e9, 120_000],
  ])("%s", async (_name, resetMs, expected) => {
    const { clock, limiter } = setUp();
    const permit = await limiter.acquire("search");
    await clock.advance(3_000);
    permit.done({ ...QUIET, status: 429, resetMs });
    expect(await delay(clock, limiter, "org")).toBe(expected);
  });

  test("pauses two windows at most where they are longer than two minutes", async () => {
    const { clock, limiter } = setUp({ windowMs: 300_000 });
    await ask(limiter, "org", { status: 429, resetMs: 9e9 });
    expect(await delay(clock, limiter, "org")).toBe(600_000);
  });

  test("extends a pause and never shortens it", async () => {
    const { clock, limiter } = setUp();
    await ask(limiter, "org", {});
    const permits = await Promise.all([20_000, 40_000, 1_000].map(() => limiter.acquire("org")));
    for (const [index, resetMs] of [20_000, 40_000, 1_000].entries()) {
      permits[index]?.done({ ...QUIET, status: 429, resetMs });
    }
    expect(await delay(clock, limiter, "search")).toBe(40_000);
  });

  test("is followed by the waiters in their order, still under the budget", async () => {
    const { clock, limiter } = setUp({ orgPerWindow: 3 });
    await ask(limiter, "org", { status: 429, resetMs: 5_000 });
    const start = clock.now();
    const went: [number, number][] = [];
    const waiters = [0, 1, 2, 3].map(async (index) => {
      const permit = await limiter.acquire(index % 2 === 0 ? "search" : "org");
      went.push([index, clock.now() - start]);
      permit.done(QUIET);
    });
    await clock.run(Promise.all(waiters));
    // The refused request may have been counted too, so it holds its slot for a window.
    expect(went).toEqual([
      [0, 5_000],
      [1, 5_000],
      [2, 60_000],
      [3, 65_000],
    ]);
  });
});

describe("waiting", () => {
  test("ends with the signal's reason, and the next in line takes the turn", async () => {
    const { clock, limiter } = setUp({ orgPerWindow: 1 });
    await ask(limiter, "org", {});
    const stop = new AbortController();
    const left = limiter.acquire("org", stop.signal);
    const next = limiter.acquire("org");
    stop.abort("enough");
    expect(await left.catch((reason) => reason)).toBe("enough");
    await clock.run(next);
    await expect(limiter.acquire("org", AbortSignal.abort("before"))).rejects.toBe("before");
  });

  test("leaves no listener on the signal, and no time running, once it is over", async () => {
    const { clock, limiter } = setUp({ orgPerWindow: 1 });
    const stop = new AbortController();
    (await limiter.acquire("org", stop.signal)).done(QUIET);
    const second = limiter.acquire("org", stop.signal);
    (await clock.run(second)).done(QUIET);
    expect(getEventListeners(stop.signal, "abort")).toEqual([]);
    const third = limiter.acquire("org", stop.signal);
    await clock.advance(1_000);
    stop.abort();
    await third.catch(() => {});
    await clock.advance(1_000);
    expect(limiter.stats().waitedMs).toBe(61_000);
  });

  test("is counted once however many wait, and not when nobody does", async () => {
    const { clock, limiter } = setUp({ orgPerWindow: 2 });
    await ask(limiter, "org", {});
    await ask(limiter, "org", {});
    expect(limiter.stats().waitedMs).toBe(0);
    await clock.advance(50_000);
    const both = Promise.all([limiter.acquire("org"), limiter.acquire("org")]);
    await clock.advance(4_000);
    expect(limiter.stats().waitedMs).toBe(4_000);
    await clock.run(both);
    await clock.advance(70_000);
    expect(limiter.stats().waitedMs).toBe(10_000);
  });

  test("ends by the real clock too, where none is given", async () => {
    const limiter = createLimiter({ windowMs: 20, searchPerWindow: 1, orgPerWindow: 10, share: 1 });
    for (let count = 0; count < 3; count += 1) await ask(limiter, "search", {});
    expect(limiter.stats().waitedMs).toBeGreaterThan(0);
  });

  test("does not starve a search among many lists", async () => {
    const { clock, limiter } = setUp({ orgPerWindow: 1, searchPerWindow: 1 });
    await ask(limiter, "search", {});
    const order: string[] = [];
    const waiters = (["org", "search", "org", "org"] as const).map(async (budget) => {
      const permit = await limiter.acquire(budget);
      order.push(budget);
      permit.done(QUIET);
    });
    await clock.run(Promise.all(waiters));
    expect(order).toEqual(["org", "search", "org", "org"]);
  });
});
