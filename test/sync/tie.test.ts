/** Rows that share one `updatedAt`: read, each about once, never for ever; or the instant is named. */
import { afterEach, describe, expect, test } from "bun:test";
import { createLab, type Lab, type Outcome } from "./harness.ts";
import { type Quirks, recently, rowsAt } from "./stand-in.ts";

const DAY = 86_400_000;
const labs: Lab[] = [];
afterEach(() => {
  for (const lab of labs.splice(0)) lab.end();
});

function setUp(quirks: Quirks = {}): Lab {
  const lab = createLab(quirks);
  labs.push(lab);
  return lab;
}

const at = (ms: number, count: number): number[] => Array<number>(count).fill(ms);
const instant = () => Date.now() - 20 * DAY;

/** How often the row that was asked for most was given. */
function mostGiven({ api }: Lab): number {
  return Math.max(...api.given.values());
}

function isTieRequest({ from, to }: { from: string; to: string | null }): boolean {
  return to !== null && Date.parse(to) - Date.parse(from) === 1;
}

async function expectWhole(lab: Lab, outcome: Outcome): Promise<void> {
  expect(outcome.streams.map(({ status, error }) => [status, error])).toEqual([["done", null]]);
  expect(lab.held("messages")).toEqual(lab.truth("message"));
}

describe("in pages of 500", () => {
  const cases: [string, number[]][] = [
    ...[499, 500, 501, 999, 1_000, 1_001, 1_200].map((count): [string, number[]] => [
      `${count} rows at one timestamp`,
      [...recently(700), ...at(instant(), count), ...recently(300, 90_000)],
    ]),
    ["nothing but one timestamp", at(Date.now() - DAY, 1_300)],
    ["two neighbouring timestamps", [...at(instant(), 700), ...at(instant() + 1, 700)]],
    ["the oldest rows tied", [...at(Date.now() - 600 * DAY, 1_100), ...recently(300)]],
    ["the newest rows tied", [...recently(200), ...at(Date.now() - 90_000, 1_100)]],
    ["rows from just now tied", [...recently(20), ...at(Date.now(), 700)]],
    ["rows over two years old tied", [...at(Date.now() - 900 * DAY, 700), ...recently(20)]],
  ];
  for (const [name, times] of cases) {
    test(`${name}: hardly more requests than pages, no row more than five times`, async () => {
      const lab = setUp();
      lab.api.rows.set("message", rowsAt("message", times));
      const outcome = await lab.sync(["messages"], { most: 40 });
      await expectWhole(lab, outcome);
      expect(outcome.requests).toBeLessThanOrEqual(Math.ceil(times.length / 500) + 9);
      expect(mostGiven(lab)).toBeLessThanOrEqual(5);
      expect((await lab.sync(["messages"])).streams[0]?.written).toBe(0);
    });
  }
});

describe("whose pages all time out in one run", () => {
  async function failOnce(audits: boolean): Promise<void> {
    const lab = setUp();
    const tied = instant();
    lab.api.rows.set("message", rowsAt("message", [...recently(100), ...at(tied, 900)]));
    const iso = new Date(tied).toISOString();
    lab.api.quirks.instead = ({ kind, archive, from, to }) => {
      // A search for more brings some of them.
      if (kind !== "search" || archive || from < "2000") return undefined;
      if (from > iso || (to !== null && to <= iso)) return undefined;
      const some = lab.api.rows.get("message")!.slice(100, 350);
      const data = some.map(({ id, ...attributes }) => ({ type: "message", id, attributes }));
      return Response.json({ meta: { pageSize: 500, total: 900, timed_out: true }, links: {}, data });
    };
    expect((await lab.sync(["messages"], { audits })).streams[0]?.status).toBe("failed");
    delete lab.api.quirks.instead;
    await expectWhole(lab, await lab.sync(["messages"], { audits, most: 40 }));
  }
  test("they are read by the next", () => failOnce(false));
  test("they are read by the next, where it audits too", () => failOnce(true));
});

describe("in small pages", () => {
  const small = (quirks: Quirks = {}, count = 37, others = 12): Lab => {
    const lab = setUp({ maxPageSize: 5, ...quirks });
    lab.api.rows.set("message", rowsAt("message", [...recently(others), ...at(instant(), count)]));
    return lab;
  };

  for (const leaving of [1, 4, 30]) {
    test(`${leaving} rows that leave the tie before its second page do not hide others`, async () => {
      const lab = small();
      const moved = new Set<string>();
      lab.api.quirks.beforeSearch = (_count, asked) => {
        if (moved.size > 0 || asked.page !== 2 || !isTieRequest(asked)) return;
        for (const row of lab.api.rows.get("message")!.slice(12, 12 + leaving)) {
          row.updatedAt = new Date().toISOString();
          moved.add(row.id);
        }
      };
      const first = await lab.sync(["messages"], { most: 80 });
      expect(first.streams[0]?.status).toBe("done");
      expect(moved.size).toBe(leaving);
      // Those that left are news, of which the next run hears; no other may be missing.
      const stayed = lab.truth("message").filter((row) => !moved.has(row.split(" ")[0]!));
      expect(lab.held("messages")).toEqual(expect.arrayContaining(stayed));
      await expectWhole(lab, await lab.sync(["messages"], { most: 80 }));
    });
  }

  test("a tie whose count never holds still is read by creation", async () => {
    const lab = small();
    lab.api.quirks.beforeSearch = (_count, asked) => {
      if (!isTieRequest(asked) || asked.page === 1) return;
      const tied = lab.api.rows.get("message")!.filter(({ updatedAt }) => updatedAt === asked.from);
      tied[0]!.updatedAt = new Date().toISOString();
    };
    const { streams } = await lab.sync(["messages"], { most: 200 });
    expect(streams[0]?.status).toBe("done");
    lab.api.quirks.beforeSearch = () => {};
    await expectWhole(lab, await lab.sync(["messages"], { most: 80 }));
  });

  const beyond: [string, Quirks, number][] = [
    ["more than paging reaches", { capRows: 10 }, 60],
    ["more than paging reaches, in no order", { capRows: 10, unsorted: true }, 900],
    ["more than paging reaches, and no counts", { capRows: 10, noTotal: true }, 80],
    ["no counts", { noTotal: true }, 80],
    ["pages that time out", { timedOutEvery: 3 }, 80],
    ["pages without a row that they should have", { shortEvery: 3 }, 80],
    ["page sizes that are clamped without a word", { claimsPageSize: true }, 80],
  ];
  for (const [name, quirks, most] of beyond) {
    test(`${name}: read whole`, async () => {
      const lab = small(quirks);
      await expectWhole(lab, await lab.sync(["messages"], { most }));
    });
  }

  test("a count that goes no further than 10,000 is not believed", async () => {
    const lab = setUp({ countsTo: 10_000 });
    lab.api.rows.set("message", rowsAt("message", at(instant(), 10_700)));
    await expectWhole(lab, await lab.sync(["messages"], { most: 60 }));
  });

  test("rows without a usable id hold nothing up, are told, and come once they have one", async () => {
    const lab = small();
    const broken = lab.api.rows.get("message")!.slice(12, 15);
    const ids = broken.map(({ id }) => id);
    for (const row of broken) row.id = "";
    for (let run = 0; run < 2; run += 1) {
      const outcome = await lab.sync(["messages"], { most: 60 });
      expect([outcome.exitCode, outcome.streams[0]?.error?.message]).toEqual([
        6,
        expect.stringContaining("of which some cannot be kept"),
      ]);
      expect(outcome.streams[0]!.rejected).toBeGreaterThanOrEqual(3);
      expect(lab.held("messages")).toHaveLength(46);
    }
    for (const [place, row] of broken.entries()) row.id = ids[place]!;
    await expectWhole(lab, await lab.sync(["messages"], { most: 40 }));
  });
});

describe("that nothing splits", () => {
  /** 37 rows at one instant, `alike` of them created at one too; 20 before and 20 after. */
  const unsplit = (alike: number, quirks: Quirks = {}): Lab & { readonly tied: number } => {
    const lab = setUp({ maxPageSize: 5, capRows: 10, ...quirks });
    const tied = instant();
    const rows = rowsAt("message", [...recently(20, 1_000), ...at(tied, 37), ...recently(20, -1_000)]);
    const made = new Date(tied - DAY).toISOString();
    for (const row of rows.slice(20, 20 + alike)) row.createdAt = made;
    lab.api.rows.set("message", rows);
    return { ...lab, tied };
  };

  test("ten of them are read by page number", async () => {
    const lab = unsplit(10);
    await expectWhole(lab, await lab.sync(["messages"], { most: 100 }));
  });

  test("eleven fail the stream, which names the instant, when all others were read", async () => {
    const lab = unsplit(11);
    const { streams, exitCode } = await lab.sync(["messages"], { most: 100 });
    expect(streams[0]).toMatchObject({ status: "failed", error: { code: "incomplete" } });
    const made = new Date(lab.tied - DAY).toISOString();
    for (const when of [new Date(lab.tied).toISOString(), made]) {
      expect(streams[0]!.error!.message).toContain(when);
    }
    expect(exitCode).toBe(6);
    const missing = lab.truth("message").filter((row) => !lab.held("messages").includes(row));
    expect(missing).toHaveLength(1);
    expect(streams[0]!.synced_to).toBe(new Date(lab.tied).toISOString());
  });

  test("the next run asks for nothing but them, and is done once they can be told apart", async () => {
    const lab = unsplit(11);
    await lab.sync(["messages"], { most: 100 });
    const again = await lab.sync(["messages"], { most: 12 });
    expect(again.streams[0]).toMatchObject({ status: "failed", error: { code: "incomplete" } });
    delete lab.api.quirks.capRows;
    await expectWhole(lab, await lab.sync(["messages"], { most: 12 }));
  });

  test("because the creation times are ignored: said, not looped on", async () => {
    const lab = unsplit(0, { ignores: "created_at" });
    const { streams } = await lab.sync(["messages"], { most: 200 });
    expect(streams[0]).toMatchObject({ status: "failed", error: { code: "incomplete" } });
    expect(streams[0]!.error!.message).toContain(new Date(lab.tied).toISOString());
    expect(lab.held("messages").length).toBeGreaterThanOrEqual(40);
  });

  test("because some have no creation time: said", async () => {
    const lab = unsplit(0);
    for (const row of lab.api.rows.get("message")!.slice(20, 23)) row.createdAt = "";
    const { streams } = await lab.sync(["messages"], { most: 200 });
    expect(streams[0]).toMatchObject({ status: "failed", error: { code: "incomplete" } });
    expect(streams[0]!.error!.message).toContain("createdAt");
  });

  test("because Kustomer refuses to look by creation: said", async () => {
    const lab = unsplit(0);
    lab.api.quirks.instead = ({ sort }) =>
      sort === "createdAt"
        ? Response.json({ errors: [{ message: "message_created_at is not sortable" }] }, { status: 400 })
        : undefined;
    const { streams } = await lab.sync(["messages"], { most: 200 });
    expect(streams[0]).toMatchObject({ status: "failed", error: { code: "incomplete" } });
    expect(streams[0]!.error!.message).toContain("not sortable");
    expect(lab.held("messages").length).toBeGreaterThanOrEqual(40);
  });
});

describe("interrupted in the middle", () => {
  const cases: [string, Quirks][] = [
    ["a tie read by page number", {}],
    ["a tie read by creation", { capRows: 10 }],
  ];
  for (const [name, quirks] of cases) {
    test(`${name} goes on where it was, whenever it is stopped`, async () => {
      const whole = setUp({ maxPageSize: 5, ...quirks });
      const rows = () => rowsAt("message", [...recently(12), ...at(1_760_000_000_000, 40)]);
      whole.api.rows.set("message", rows());
      const { requests, commits } = await whole.sync(["messages"], { concurrency: 1 });
      for (let stop = 1; stop < commits; stop += 1) {
        const lab = setUp({ maxPageSize: 5, ...quirks });
        lab.api.rows.set("message", rows());
        const first = await lab.sync(["messages"], { concurrency: 1, commits: stop });
        expect(first.status).toBe("interrupted");
        const second = await lab.sync(["messages"], { concurrency: 1 });
        await expectWhole(lab, second);
        // The page that was not committed is asked again, both sources' open ends, and that which ends the tie.
        expect(first.requests + second.requests).toBeLessThanOrEqual(requests + 3);
      }
    });
  }
});
