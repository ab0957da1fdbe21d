/** Rows that did not come: which are gone, which are not, and of which nothing can be said. */
import { describe, expect, test } from "bun:test";
import type { Suspect } from "../../src/destination/destination.ts";
import type { Page } from "../../src/kustomer/search.ts";
import { AppError } from "../../src/lib/errors.ts";
import { type AskedAgain, askAgain } from "../../src/sync/gone.ts";
import { before, type Range, since } from "../../src/sync/ranges.ts";
import type { Source } from "../../src/sync/stream-state.ts";

const NOW = Date.UTC(2026, 10, 23, 12);
const DAY = 86_400_000;
const BORDER = NOW - 730 * DAY;
const ZONE = 10 * DAY;

type Row = { readonly id: string; readonly at: number };
type Asked = { readonly source: Source; readonly from: number; readonly to: number; readonly page: number };
type Answer = Partial<Page>;

/** An index of two sources that holds these rows, and may answer otherwise where it is told to. */
function index(rows: readonly Row[], { most = 500, instead }: Ways = {}) {
  const asked: Asked[] = [];
  const kept = new Set<string>();
  const ask = async (source: Source, { from, to }: Range, page: number): Promise<Page> => {
    const request = { source, from, to, page };
    asked.push(request);
    const found = rows
      .filter(({ at }) => from <= at && at < to && (source === "archive") === at < BORDER)
      .toSorted((a, b) => a.at - b.at);
    const sound = {
      rows: found.slice((page - 1) * most, page * most).map(({ id }) => ({ id, attributes: {} })),
      ...{
        rejected: 0,
        keptOut: [],
        total: found.length,
        pageSize: most,
        timedOut: false,
        next: "there is always one",
      },
      ...{ serverTime: null, requests: 1 },
    };
    return { ...sound, ...instead?.(request, sound, asked.length) };
  };
  async function judge(suspects: readonly Suspect[], sources: readonly Source[] = ["search", "archive"]) {
    const alone = { search: since(BORDER + ZONE), archive: before(BORDER - ZONE) };
    const keep = async (came: readonly { id: string }[]) => {
      for (const { id } of came) kept.add(id);
    };
    return names(await askAgain(suspects, { ask, alone, sources, keep }));
  }
  return { judge, asked, kept };
}

type Ways = { most?: number; instead?: (asked: Asked, sound: Page, count: number) => Answer | undefined };

const names = ({ missing, unsure, unasked }: AskedAgain) => {
  const ids = (suspects: readonly Suspect[]) => suspects.map(({ id }) => id).toSorted();
  return { missing: ids(missing), unsure: ids(unsure), unasked: ids(unasked) };
};
const none = { missing: [], unsure: [], unasked: [] };

/** So many rows, one a minute, from an instant on. */
const rowsFrom = (count: number, from: number, stepMs = 60_000): Row[] =>
  Array.from({ length: count }, (_, i) => ({ id: `r${String(i).padStart(5, "0")}`, at: from + i * stepMs }));
const suspects = (rows: readonly Row[]): Suspect[] => rows.map(({ id, at }) => ({ id, updatedAt: at }));

const rows = rowsFrom(300, NOW - 30 * DAY);
const lost: Row[] = [5, 100, 250].map((nth) => ({ id: `gone-${nth}`, at: rows[nth]!.at + 1 }));

describe("rows that are asked for again", () => {
  test("come, or are missing; what came is kept, and where few rows lie between them one request does", async () => {
    const { judge, asked, kept } = index(rows);
    const result = await judge(suspects([...rows.slice(0, 200), ...lost]));
    expect(result).toEqual({ ...none, missing: lost.map(({ id }) => id).toSorted() });
    expect(asked).toHaveLength(1);
    expect(rows.slice(0, 200).every(({ id }) => kept.has(id))).toBe(true);
  });

  test("come in ever smaller groups where many rows lie between them", async () => {
    const many = rowsFrom(20_000, NOW - 30 * DAY);
    const far = [1, 9_000, 9_001, 19_998].map((nth) => many[nth]!);
    const gone = [2, 12_000].map((nth) => ({ id: `gone-${nth}`, at: many[nth]!.at + 1 }));
    const { judge, asked } = index(many);
    expect(await judge(suspects([...far, ...gone]))).toEqual({ ...none, missing: ["gone-12000", "gone-2"] });
    expect(asked.length).toBeLessThanOrEqual(2 * (far.length + gone.length));
  });

  test("cost nothing when there are none, and nothing when they have no date: then not to have come has to do", async () => {
    const { judge, asked } = index(rows);
    expect(await judge([])).toEqual(none);
    expect(await judge([{ id: "undated", updatedAt: null }])).toEqual({ ...none, missing: ["undated"] });
    expect(asked).toEqual([]);
  });

  test("are not missing because they came with another time than that which they are asked for by", async () => {
    const { judge } = index([]);
    const moved = index(rows, {
      instead: () => ({
        rows: [{ id: "moved", attributes: { updatedAt: new Date(NOW).toISOString() } }],
        total: 1,
      }),
    });
    const suspect = [{ id: "moved", updatedAt: NOW - DAY }];
    expect([await judge(suspect), await moved.judge(suspect)]).toEqual([
      { ...none, missing: ["moved"] },
      none,
    ]);
  });
});

describe("of one instant", () => {
  const at = NOW - 9 * DAY;
  const tied = rowsFrom(1_200, at, 0);
  const gone = { id: "gone", at };

  test("are asked for page by page", async () => {
    const { judge, asked } = index([...rows, ...tied]);
    expect(await judge(suspects([...tied.slice(1_100), gone]))).toEqual({ ...none, missing: ["gone"] });
    expect(asked.map(({ page }) => page)).toEqual([1, 2, 3]);
    expect(asked.every(({ from, to }) => from === at && to === at + 1)).toBe(true);
  });

  test("that fill their pages just so need one page more, for a count is not believed alone", async () => {
    const { judge, asked } = index(tied.slice(0, 1_000), { instead: () => ({ total: 500 }) });
    expect(await judge(suspects([...tied.slice(500, 1_000), gone]))).toEqual({ ...none, missing: ["gone"] });
    expect(asked.at(-1)!.page).toBe(3);
  });

  test("in a page that is given again and again are not asked for without an end, and nothing is said of them", async () => {
    const { judge, asked } = index(tied, {
      instead: (_asked, sound) => ({
        rows: tied.slice(0, 500).map(({ id }) => ({ id, attributes: {} })),
        total: sound.total,
      }),
    });
    expect(await judge(suspects([gone]))).toEqual({ ...none, unsure: ["gone"] });
    expect(asked.length).toBeLessThan(10);
  });

  test("beyond the hundredth page, nothing is said of them", async () => {
    const { judge, asked } = index(rowsFrom(1_200, at, 0), { most: 10 });
    expect(await judge(suspects([gone]))).toEqual({ ...none, unsure: ["gone"] });
    expect(Math.max(...asked.map(({ page }) => page))).toBe(100);
  });

  // The refusal ends the stream.
  test("beyond what can be paged to, nothing is said of them", async () => {
    const { judge } = index(tied, {
      instead: ({ page }) => {
        if (page > 2) throw new AppError("api", "beyond the cap", { status: 400 });
        return undefined;
      },
    });
    expect(await judge(suspects([gone]))).toEqual({ ...none, unsure: ["gone"] });
  });

  test("without a usable id may be any of them: nothing is said", async () => {
    const { judge } = index(tied.slice(0, 40), { instead: () => ({ rejected: 2, total: 42 }) });
    expect(await judge(suspects([gone]))).toEqual({ ...none, unsure: ["gone"] });
  });
});

describe("nothing is said of rows", () => {
  const [row, other] = [rows[3]!, rows[7]!];
  const wrong: [string, (sound: Page) => Answer][] = [
    ["timed out", () => ({ timedOut: true })],
    ["held fewer rows than it counted", ({ total }) => ({ rows: [], total: Math.max(1, total ?? 0) })],
  ];
  for (const [name, answer] of wrong) {
    test(`whose page ${name}, each time`, async () => {
      const { judge, asked } = index(rows, { instead: (_asked, sound) => answer(sound) });
      expect(await judge(suspects([row, other, lost[0]!]))).toEqual({
        ...none,
        unsure: [lost[0]!.id, row.id, other.id].toSorted(),
      });
      expect(asked.length).toBeLessThanOrEqual(3 * 6);
    });

    test(`whose page ${name} is asked again, and believed when it is whole`, async () => {
      const { judge } = index(rows, {
        instead: (_asked, sound, count) => (count % 3 === 0 ? undefined : answer(sound)),
      });
      expect(await judge(suspects([row, other, lost[0]!]))).toEqual({ ...none, missing: [lost[0]!.id] });
    });
  }

  test("beyond those whose own page is not whole", async () => {
    const { judge } = index(rows, {
      instead: ({ from, to }) => (from <= other.at && other.at < to ? { timedOut: true } : undefined),
    });
    expect(await judge(suspects([row, other, lost[0]!, lost[1]!]))).toEqual({
      unsure: [other.id],
      missing: [lost[1]!.id, lost[0]!.id].toSorted(),
      unasked: [],
    });
  });

  // Nothing tells that there was more: the page is as full as it can be.
  test("where pages are smaller than they say and nothing is counted", async () => {
    const { judge } = index(rows, { most: 100, instead: () => ({ pageSize: 500, total: null }) });
    const { missing } = await judge(suspects(rows.slice(0, 200)));
    expect(missing).toEqual([]);
  });
});

describe("of the two sources", () => {
  const old = { id: "old", at: BORDER - 100 * DAY };
  const young = { id: "young", at: NOW - DAY };
  const near = [BORDER - 5 * DAY, BORDER + 5 * DAY].map((at, i) => ({ id: `near-${i}`, at }));

  test.each([
    ["search", young],
    ["archive", old],
  ] as const)("only the %s is asked where only it can know", async (source, row) => {
    const { judge, asked } = index([row]);
    expect(await judge(suspects([row, { id: "gone", at: row.at }]))).toEqual({ ...none, missing: ["gone"] });
    expect(asked.map((each) => each.source)).toEqual([source]);
  });

  test("both are asked near the border", async () => {
    const { judge, asked } = index(near);
    expect(await judge(suspects([...near, { id: "gone", at: BORDER }]))).toEqual({
      ...none,
      missing: ["gone"],
    });
    expect(asked.map((each) => each.source)).toEqual(["search", "archive"]);
  });

  test("one that gives no whole answer leaves it open, whatever the other says", async () => {
    const { judge } = index(near, {
      instead: ({ source }) => (source === "archive" ? { timedOut: true } : undefined),
    });
    expect(await judge(suspects([{ id: "gone", at: BORDER }]))).toEqual({ ...none, unsure: ["gone"] });
  });

  test("where the old rows are in no search, they are not asked for", async () => {
    const { judge, asked } = index([young]);
    const all = suspects([old, ...near]);
    expect(await judge(all, ["search"])).toEqual({ ...none, unasked: ["near-0", "near-1", "old"] });
    expect(asked).toEqual([]);
    expect(await judge(suspects([young, { id: "gone", at: young.at + 1 }]), ["search"])).toEqual({
      ...none,
      missing: ["gone"],
    });
    // Nor do they keep others from it.
    expect(await judge(suspects([near[0]!, { id: "gone", at: young.at + 1 }]), ["search"])).toEqual({
      ...none,
      missing: ["gone"],
      unasked: ["near-0"],
    });
  });
});
