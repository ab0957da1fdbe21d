import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type GivenPage, provePage } from "../../src/sync/page-proof.ts";

const asked = { from: 100, to: 200 };
const page = (times: (number | null)[], more: Partial<GivenPage> = {}): GivenPage => ({
  times,
  total: times.length,
  pageSize: 3,
  timedOut: false,
  ...more,
});

describe("what a page proves", () => {
  const cases: [string, GivenPage, ReturnType<typeof provePage>["kind"], number?][] = [
    ["nothing matches", page([]), "all"],
    ["as many rows as match", page([100, 150]), "all"],
    ["a full page that is all", page([100, 150, 199]), "all"],
    ["all came, so that order does not matter", page([150, 100]), "all"],
    ["no total, page not full", page([100, 150], { total: null }), "all"],
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
  for (const [name, given, kind, at] of cases) {
    test(name, () => {
      const proof = provePage(asked, given);
      expect(proof.kind).toBe(kind);
      if (proof.kind === "through") expect(proof.last).toBe(at!);
      if (proof.kind === "tie") expect(proof.at).toBe(at!);
    });
  }

  describe("when what changed from 160 on may be newer than the search knew", () => {
    const many = [100, 104, 108, 112, 116, 120, 124, 128, 132, 136];
    const unsure = (times: number[], total = 99) =>
      provePage(asked, page(times, { total, pageSize: times.length, settledBefore: 160 }));
    const proofs: [string, number[], ReturnType<typeof provePage>][] = [
      ["such a time proves nothing at the end", [...many, 190], { kind: "through", last: 136 }],
      ["nor in between", [...many.slice(0, 5), 190, ...many.slice(5)], { kind: "through", last: 136 }],
      ["nor after the range", [...many, 900], { kind: "through", last: 136 }],
      ["among few rows it shows that there is no order", [100, 190, 150], { kind: "unsorted" }],
      ["others out of order do so among many", [...many.toReversed(), 190], { kind: "unsorted" }],
      ["it counts where nothing else came", [170, 180, 190], { kind: "through", last: 190 }],
      ["or nothing else after the first", [100, 180, 190], { kind: "through", last: 190 }],
    ];
    test.each(proofs)("%s", (_name, times, proof) => expect(unsure(times)).toEqual(proof));
    test("all is all", () => expect(unsure([190, 100], 2)).toEqual({ kind: "all" }));
  });

  test("the last range has no end", () => {
    const endless = { from: 100, to: Number.POSITIVE_INFINITY };
    expect(provePage(endless, page([100, 5_000, 9_000], { total: 9 }))).toEqual({
      kind: "through",
      last: 9_000,
    });
  });
});

/** A server that holds rows at these times and answers honestly. */
function honestPage(times: readonly number[], from: number, to: number, pageSize: number): GivenPage {
  const match = times.filter((time) => time >= from && time < to).sort((a, b) => a - b);
  return {
    times: match.slice(0, pageSize),
    total: match.length,
    pageSize,
    timedOut: false,
  };
}

test("following the proofs of an honest server reads every row, and always ends", () => {
  const times = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 120 });
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 7 }), (rows, pageSize) => {
      const seen: number[] = [];
      let from = 0;
      for (let requests = 0; ; requests += 1) {
        expect(requests).toBeLessThan(200);
        const given = honestPage(rows, from, 31, pageSize);
        const proof = provePage({ from, to: 31 }, given);
        const done = proof.kind === "all" ? 31 : proof.kind === "through" ? proof.last : null;
        if (done === null) {
          if (proof.kind !== "tie") throw new Error(`an honest page proved ${proof.kind}`);
          // By page number: here simply all of the instant.
          seen.push(...rows.filter((time) => time >= from && time <= proof.at));
          from = proof.at + 1;
          continue;
        }
        seen.push(...given.times.filter((time): time is number => time !== null && time < done));
        if (proof.kind === "all") break;
        from = done;
      }
      expect(seen.sort((a, b) => a - b)).toEqual([...rows].sort((a, b) => a - b));
    }),
  );
});
