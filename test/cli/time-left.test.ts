import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Sample, timeLeft } from "../../src/cli/time-left.ts";

const PAGE = 500;

type Account = { budget: number; windowMs: number; latencyMs: number; workers: number };

/** When each page of a run begins and has come, in an account that lets so many be asked in a window. */
function run(pages: number, { budget, windowMs, latencyMs, workers }: Account) {
  const asked: number[] = [];
  for (let page = 0; page < pages; page++) {
    const free = page < workers ? 0 : asked[page - workers]! + latencyMs;
    const allowed = page < budget ? 0 : asked[page - budget]! + latencyMs + windowMs;
    asked.push(Math.max(free, allowed, asked[page - 1] ?? 0));
  }
  return asked.map((at) => ({ asked: at, came: at + latencyMs }));
}

/** What is told at an instant, and what is true. */
function toldAt(now: number, pages: ReturnType<typeof run>, { budget, windowMs, latencyMs }: Account) {
  const samples: Sample[] = [{ at: 0, rows: 0 }];
  for (const { came } of pages.filter(({ came }) => came <= now)) {
    samples.push({ at: came, rows: samples.at(-1)!.rows + PAGE });
  }
  const here = samples.at(-1)!.rows;
  const used = pages.filter(({ asked, came }) => asked <= now && came + windowMs > now).length;
  const next = pages.find(({ asked }) => asked > now);
  const waitMs = next !== undefined && used >= budget ? next.asked - now : null;
  const left = pages.length * PAGE - here;
  const told = timeLeft(samples, now, left, { windowMs: windowMs + latencyMs, used, budget, waitMs });
  return { told, waitMs, truth: pages.at(-1)!.came - now };
}

const account = fc.record({
  budget: fc.integer({ min: 60, max: 100 }),
  windowMs: fc.constantFrom(5_000, 60_000),
  latencyMs: fc.integer({ min: 100, max: 3_000 }),
  workers: fc.integer({ min: 1, max: 8 }),
});

describe("the time that is told", () => {
  const anywhere = fc.double({ min: 0, max: 1, noNaN: true });
  const error = (pages: ReturnType<typeof run>, begun: number, share: number, account: Account) => {
    const now = begun + share * (pages.at(-1)!.came - begun - 1);
    fc.pre(now < pages.at(-1)!.came);
    const { told, truth } = toldAt(now, pages, account);
    const { latencyMs } = account;
    return { truth, off: Math.abs(told! - truth) - 2 * latencyMs - 1_000 };
  };

  /** When each worker has brought ten pages: before that it depends on when one looks. */
  const ready = (pages: ReturnType<typeof run>, { workers }: Account) => pages[10 * workers]!.came;

  test("is right within a fifth, or a window, from the tenth page of each worker on", () => {
    fc.assert(
      fc.property(account, fc.integer({ min: 100, max: 600 }), anywhere, (account, count, share) => {
        const pages = run(count, account);
        const { truth, off } = error(pages, ready(pages, account), share, account);
        expect(off).toBeLessThanOrEqual(Math.max(0.2 * truth, account.windowMs));
      }),
    );
  });

  test("and when a window has passed, within a fifth or what a page takes", () => {
    fc.assert(
      fc.property(account, fc.integer({ min: 100, max: 600 }), anywhere, (account, count, share) => {
        const pages = run(count, account);
        const { truth, off } = error(
          pages,
          Math.max(account.windowMs + 2 * account.latencyMs, ready(pages, account)),
          share,
          account,
        );
        expect(off).toBeLessThanOrEqual(0.2 * truth);
      }),
    );
  });

  test("is never less than the wait for the limit", () => {
    fc.assert(
      fc.property(
        account,
        fc.integer({ min: 20, max: 400 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (account, count, share) => {
          const pages = run(count, account);
          const { told, waitMs } = toldAt(share * (pages.at(-1)!.came - 1), pages, account);
          if (told !== null && waitMs !== null) expect(told).toBeGreaterThanOrEqual(waitMs);
        },
      ),
    );
  });

  test("is unknown before a second has passed, and before a row has come", () => {
    const limit = { windowMs: 60_000, used: 0, budget: 100, waitMs: null };
    expect(timeLeft([], 5_000, 10, limit)).toBeNull();
    expect(timeLeft([{ at: 0, rows: 0 }], 5_000, 10, limit)).toBeNull();
    expect(
      timeLeft(
        [
          { at: 0, rows: 0 },
          { at: 900, rows: 5 },
        ],
        900,
        10,
        limit,
      ),
    ).toBeNull();
  });
});
