/**
 * The law of a page: whatever it is said to prove, the rows that it claims came. Hits are sorted by what the index
 * knew; the rows are fetched afterwards, and any of them may have been edited in between.
 */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type GivenPage, type PageProof, provePage } from "../../src/sync/page-proof.ts";

const asked = { from: 100, to: 200 };
const page = (times: (number | null)[], more: Partial<GivenPage> = {}): GivenPage => ({
  rows: times.map((time, place) => ({ id: `row-${place}`, time })),
  total: times.length,
  pageSize: 3,
  timedOut: false,
  ...more,
});
/** How far a page reaches at most: its last mark, or the instant of a tie. */
const reach = (proof: PageProof): number | null =>
  proof.kind === "through" ? proof.marks.at(-1)!.at : proof.kind === "tie" ? proof.at : null;

describe("what a page proves", () => {
  const cases: [string, GivenPage, PageProof["kind"], number?][] = [
    ["nothing matches", page([]), "all"],
    ["as many rows as match", page([100, 150]), "all"],
    ["all came, so that order does not matter", page([150, 100]), "all"],
    ["no total, page not full", page([100, 150], { total: null }), "all"],
    ["a full page that is counted as all: a count is one word", page([100, 150, 199]), "through", 199],
    ["no total, full page", page([100, 150, 160], { total: null }), "through", 160],
    ["a full page of more", page([100, 150, 160], { total: 9 }), "through", 160],
    ["the last rows tied", page([100, 150, 150], { total: 9 }), "through", 150],
    ["a page of one instant", page([150, 150, 150], { total: 9 }), "tie", 150],
    ["a page of the first instant", page([100, 100, 100], { total: 9 }), "tie", 100],
    ["descending", page([160, 150, 100], { total: 9 }), "unsorted"],
    ["a row before the range", page([99, 150, 160], { total: 9 }), "unsorted"],
    ["a row after the range", page([100, 150, 200], { total: 9 }), "unsorted"],
    ["a row without a date", page([100, null, 160], { total: 9 }), "through", 160],
    ["a last row without a date", page([100, 150, null], { total: 9 }), "through", 150],
    ["one row with a date", page([null, 150, null], { total: 9 }), "tie", 150],
    ["no row with a date", page([null, null, null], { total: 9 }), "unsorted"],
    ["descending around a row without a date", page([160, null, 100], { total: 9 }), "unsorted"],
    ["no total, nothing", page([], { total: null }), "all"],
    ["a short page", page([100, 150], { total: 9 }), "unsound"],
    ["no rows though some match", page([], { total: 9 }), "unsound"],
    ["short, though the total is small", page([100], { total: 2 }), "unsound"],
    ["timed out, though it looks whole", page([100, 150], { timedOut: true }), "unsound"],
    ["a total below what came, page full", page([100, 150, 160], { total: 1 }), "through", 160],
    ["a total below what came, page not full", page([100, 150], { total: 0 }), "all"],
    ["a server that gives more than a page", page([100, 150, 160, 170], { total: 9 }), "through", 170],
  ];
  for (const [name, given, kind, at = null] of cases) {
    test(name, () => {
      const proof = provePage(asked, given);
      expect([proof.kind, reach(proof)]).toEqual([kind, at]);
    });
  }

  describe("when what changed from 160 on may be newer than the search knew", () => {
    const many = Array.from({ length: 30 }, (_, i) => 100 + 2 * i);
    const unsure = (times: number[]) =>
      provePage(asked, page(times, { total: 99, pageSize: times.length, settledBefore: 160 }));
    const proofs: [string, number[], PageProof["kind"], number | null][] = [
      ["such a time proves nothing at the end", [...many, 190], "through", 158],
      ["nor in between", [...many.slice(0, 5), 190, ...many.slice(5)], "through", 158],
      ["nor after the range", [...many, 900], "through", 158],
      ["among few rows it shows that there is no order", [100, 190, 150], "unsorted", null],
      ["others out of order do so among many", [...many.toReversed(), 190], "unsorted", null],
      ["nothing else came: nothing is proven", [170, 180, 190], "unsettled", null],
      ["nothing else after the first: that instant is all that is known", [100, 180, 190], "tie", 100],
      ["though they reach far beyond what was asked for", [100, 900, 900], "tie", 100],
      ["many of them, in no order: nothing", [100, ...many.map((at) => 400 - at)], "unsettled", null],
    ];
    test.each(proofs)("%s", (_name, times, kind, at) => {
      const proof = unsure(times);
      expect([proof.kind, reach(proof)]).toEqual([kind, at]);
    });
  });

  test("the last range has no end", () => {
    const endless = { from: 100, to: Number.POSITIVE_INFINITY };
    expect(reach(provePage(endless, page([100, 5_000, 9_000], { total: 9 })))).toBe(9_000);
  });
});

type Row = { readonly id: string; indexed: number; shown: number };

/** A server whose index knows a time for each row, and whose rows may show a later one. */
function serve(
  rows: readonly Row[],
  from: number,
  to: number,
  pageSize: number,
): { given: GivenPage; ids: string[] } {
  const match = rows
    .filter(({ indexed }) => indexed >= from && indexed < to)
    .sort((a, b) => a.indexed - b.indexed);
  const hits = match.slice(0, pageSize);
  return {
    given: {
      rows: hits.map(({ id, shown }) => ({ id, time: shown })),
      total: match.length,
      pageSize,
      timedOut: false,
      settledBefore: NEWS,
    },
    ids: hits.map(({ id }) => id),
  };
}

/** Edits are newer than this. */
const NEWS = 1_000;

test("a mark that is shown again from its own time on proves what lies before it, whatever else was edited", () => {
  const rows = fc.array(
    fc.record({
      indexed: fc.integer({ min: 0, max: 400 }),
      /** By how much the row is newer than the index knows: mostly not, or to now, or to some time in the past. */
      edit: fc.oneof(
        { weight: 3, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.constant(5_000) },
        { weight: 1, arbitrary: fc.integer({ min: 1, max: 300 }) },
      ),
    }),
    { minLength: 1, maxLength: 200 },
  );
  fc.assert(
    fc.property(
      rows,
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 0, max: 200 }),
      fc.boolean(),
      (made, pageSize, from, hasEnd) => {
        const all: Row[] = made.map(({ indexed, edit }, place) => ({
          id: `row-${place}`,
          indexed,
          shown: indexed + edit,
        }));
        const to = hasEnd ? from + 150 : Number.POSITIVE_INFINITY;
        const { given, ids } = serve(all, from, to, pageSize);
        const proof = provePage({ from, to }, given);
        const came = new Set(ids);
        const missing = (end: number) =>
          all.filter(({ id, indexed }) => indexed >= from && indexed < Math.min(end, to) && !came.has(id));
        if (proof.kind === "all") expect(missing(to)).toEqual([]);
        if (proof.kind !== "through") return;
        for (const { id, at } of proof.marks) {
          expect(at).toBeLessThan(to);
          // Whoever asks from its time on sees whether the index has it there.
          const again = all.find((row) => row.id === id)!;
          if (again.indexed >= at && again.shown === at) expect(missing(at)).toEqual([]);
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test("rows in no order prove nothing, however many of them happen to stand in one", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 100, max: 9_000 }), { minLength: 5, maxLength: 60 }),
      fc.nat(),
      (times, seed) => {
        // In the order of a hash, as a server gives them that takes no notice of the sort.
        const order = (at: number) => Bun.hash.murmur32v3(`${at} ${seed}`);
        const given = times.toSorted((a, b) => order(a) - order(b));
        fc.pre(given.some((at, place) => place > 0 && at < given[place - 1]!));
        const { length } = given;
        const proof = provePage({ from: 100, to: 10_000 }, page(given, { total: 9_999, pageSize: length }));
        expect(proof.kind).toBe("unsorted");
      },
    ),
    { numRuns: 20_000 },
  );
});

test("where nothing can have moved, one row out of order is enough to show that there is none", () => {
  const times = Array.from({ length: 100 }, (_, i) => 100 + (i === 50 ? 0 : i));
  const given = page(times, { total: 9_999, pageSize: 100 });
  expect(provePage({ from: 100, to: 10_000 }, given).kind).toBe("through");
  expect(provePage({ from: 100, to: 10_000 }, { ...given, isFixed: true }).kind).toBe("unsorted");
});

test("following the proofs of an honest server reads every row, and always ends", () => {
  const times = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 120 });
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 7 }), (made, pageSize) => {
      const rows: Row[] = made.map((time, place) => ({ id: `row-${place}`, indexed: time, shown: time }));
      const seen = new Set<string>();
      let from = 0;
      for (let requests = 0; ; requests += 1) {
        expect(requests).toBeLessThan(200);
        const { given, ids } = serve(rows, from, 31, pageSize);
        const proof = provePage({ from, to: 31 }, given);
        for (const id of ids) seen.add(id);
        if (proof.kind === "all") break;
        const at = reach(proof);
        if (at === null) throw new Error(`an honest page proved ${proof.kind}`);
        if (proof.kind === "through") {
          from = at;
          continue;
        }
        // By page number: here simply all of the instant.
        for (const { id, indexed } of rows) if (indexed >= from && indexed <= at) seen.add(id);
        from = at + 1;
      }
      expect(seen.size).toBe(rows.length);
    }),
  );
});
