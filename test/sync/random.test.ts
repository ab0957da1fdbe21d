/** Whatever an account looks like and whatever happens on the way, a last quiet run leaves the file equal to it. */
import { afterAll, expect, test } from "bun:test";
import fc from "fast-check";
import { createHarness, createLab } from "./harness.ts";
import type { Quirks, StandInRow } from "./stand-in.ts";

const DAY = 86_400_000;
/** The same accounts each time; FUZZ_SEED=random, or a number, tries others. */
const given = process.env.FUZZ_SEED ?? "20261124";
const SEED = given === "random" ? {} : { seed: Number(given) };
const HOUR = 3_600_000;
const lab = createLab();
afterAll(() => lab.end());

/** Few instants, so that many rows share one: years ago, around the two-year border, recent, and to come. */
const instants = [
  ...[-3_000, -900, -733, -731, -730, -729, -400, -30, -1].map((days) => days * DAY),
  ...[-30 * DAY + 1, -2 * HOUR, -60_000, -1_000, 300 * DAY],
];

const rows = fc.array(fc.tuple(fc.nat(instants.length - 1), fc.boolean()), { maxLength: 70 });

/** What an API does all the time; and what only on a bad day, for which a run may be reported as not done. */
const nature = fc.record({
  maxPageSize: fc.integer({ min: 2, max: 7 }),
  unsorted: fc.boolean(),
  noTotal: fc.boolean(),
  claimsPageSize: fc.boolean(),
  capPages: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
});
const day = fc.record({
  /** Ends the run before the commit after this many. */
  commits: fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }),
  /** Rows that change before each search: their places among all. */
  changes: fc.array(fc.nat(200), { maxLength: 2 }),
  timedOutEvery: fc.option(fc.integer({ min: 2, max: 5 }), { nil: undefined }),
  shortEvery: fc.option(fc.integer({ min: 2, max: 5 }), { nil: undefined }),
  concurrency: fc.integer({ min: 1, max: 4 }),
  /** Rows that the index shows only after the run, from within the look-back. */
  late: fc.nat(3),
  full: fc.boolean(),
  /** Whether each commit has to be waited for. */
  slowly: fc.boolean(),
});

test("a last quiet run leaves the file equal", async () => {
  await fc.assert(
    fc.asyncProperty(
      rows,
      nature,
      fc.array(day, { minLength: 1, maxLength: 3 }),
      fc.constantFrom(0, HOUR),
      async (made, { capPages, ...quirks }, days, lookbackMs) => {
        const harness = createHarness(lab.api);
        try {
          const account = makeRows(made, quirks.unsorted);
          lab.api.rows.set("conversation", account);
          const always: Quirks = defined({
            ...quirks,
            capRows: capPages && capPages * quirks.maxPageSize,
            // A page size that is neither told nor counted by is known only from the largest page.
            ...(quirks.noTotal && quirks.claimsPageSize ? { unsorted: false } : {}),
          });
          for (const { commits, changes, late, concurrency, full, slowly, ...bad } of days) {
            const beforeSearch = (count: number) => {
              for (const place of changes) change(account[(place + count) % (account.length || 1)], place);
            };
            // What is left out without a word and not counted either, nobody can miss.
            const shortEvery = quirks.noTotal ? undefined : bad.shortEvery;
            lab.api.quirks = defined({ ...always, ...bad, shortEvery, beforeSearch });
            // What changes with every request takes many to end.
            const options = { commits, concurrency, lookbackMs, full, slowly, most: 20_000 };
            await harness.sync(["conversations"], defined(options));
            if (lookbackMs > 0) account.push(...lateRows(account.length, late));
          }
          lab.api.quirks = always;
          const { streams, exitCode } = await harness.sync(["conversations"], { lookbackMs, most: 6_000 });
          expect([streams[0]?.error, exitCode]).toEqual([null, 0]);
          expect(harness.held("conversations")).toEqual(lab.truth("conversation"));
        } finally {
          harness.end();
        }
      },
    ),
    { numRuns: 40, endOnFailure: true, ...SEED },
  );
}, 60_000);

function makeRows(made: readonly (readonly [number, boolean])[], spread: boolean): StandInRow[] {
  const now = Date.now();
  return made.map(([place, deleted], i) => ({
    id: `row-${String(i).padStart(4, "0")}`,
    // In no order, each instant costs a request or more; milliseconds apart they can be told apart.
    updatedAt: new Date(now + instants[place]! + (spread ? i % 3 : 0)).toISOString(),
    createdAt: new Date(now - 4_000 * DAY + i * 7_919).toISOString(),
    rev: 1,
    ...(deleted ? { deleted } : {}),
  }));
}

function change(row: StandInRow | undefined, place: number): void {
  const now = new Date().toISOString();
  // No row becomes older than it was.
  if (row === undefined || row.updatedAt > now) return;
  row.updatedAt = now;
  row.rev += 1;
  if (place % 5 === 0) row.deleted = row.deleted !== true;
}

function lateRows(from: number, count: number): StandInRow[] {
  return Array.from({ length: count }, (_, i) => {
    const at = new Date(Date.now() - (i + 1) * 600_000).toISOString();
    return { id: `row-${String(from + i).padStart(4, "0")}`, updatedAt: at, createdAt: at, rev: 1 };
  });
}

/** Leaves out what is undefined. */
function defined<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
}
