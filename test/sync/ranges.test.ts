import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  before,
  complement,
  covers,
  intersect,
  normalize,
  type Ranges,
  since,
  subtract,
  union,
} from "../../src/sync/ranges.ts";

const MOST = 40;
const anyRanges = fc
  .array(fc.tuple(fc.integer({ min: 0, max: MOST }), fc.integer({ min: 0, max: MOST })), { maxLength: 8 })
  .map((pairs) => normalize(pairs.map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }))));

/** The slow, obvious meaning of a set of ranges, to hold the fast one against. */
const has = (ranges: Ranges, instant: number) => ranges.some((r) => r.from <= instant && instant < r.to);
const instants = Array.from({ length: MOST + 3 }, (_, i) => i - 1);

function expectTidy(ranges: Ranges) {
  for (const [i, range] of ranges.entries()) {
    expect(range.from).toBeLessThan(range.to);
    if (i > 0) expect(ranges[i - 1]!.to).toBeLessThan(range.from);
  }
}

describe("ranges mean sets of instants", () => {
  const operations = [
    ["union", union, (a: boolean, b: boolean) => a || b],
    ["intersect", intersect, (a: boolean, b: boolean) => a && b],
    ["subtract", subtract, (a: boolean, b: boolean) => a && !b],
  ] as const;
  for (const [name, operation, meaning] of operations) {
    test(name, () => {
      fc.assert(
        fc.property(anyRanges, anyRanges, (a, b) => {
          const result = operation(a, b);
          expectTidy(result);
          for (const at of instants) expect(has(result, at)).toBe(meaning(has(a, at), has(b, at)));
        }),
      );
    });
  }

  test("complement, twice, is the set itself", () => {
    fc.assert(
      fc.property(anyRanges, (a) => {
        for (const at of instants) expect(has(complement(a), at)).toBe(!has(a, at));
        expect(complement(complement(a))).toEqual(a);
      }),
    );
  });

  test("cutting a range at any points and joining the parts covers exactly it, once", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: MOST - 1 })), (cuts) => {
        const points = [0, ...[...new Set(cuts)].sort((a, b) => a - b), MOST];
        const parts = points.slice(1).map((to, i) => ({ from: points[i]!, to }));
        expect(normalize([...parts].reverse())).toEqual([{ from: 0, to: MOST }]);
        for (const at of instants) {
          expect(parts.filter((part) => has([part], at)).length).toBe(at >= 0 && at < MOST ? 1 : 0);
        }
      }),
    );
  });
});

test("endless ranges work like others", () => {
  expect(subtract(since(10), [{ from: 20, to: 30 }])).toEqual([
    { from: 10, to: 20 },
    { from: 30, to: Number.POSITIVE_INFINITY },
  ]);
  expect(intersect(before(20), since(10))).toEqual([{ from: 10, to: 20 }]);
  expect(complement([])).toEqual([{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }]);
  expect(covers(since(0), { from: 5, to: Number.POSITIVE_INFINITY })).toBe(true);
  expect(covers([{ from: 0, to: 9 }], { from: 5, to: 10 })).toBe(false);
});
