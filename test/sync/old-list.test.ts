/**
 * Notes over two years old, which only their list has: none is skipped, whatever vanishes meanwhile, and those that
 * the search brings are not read twice.
 */
import { afterEach, describe, expect, test } from "bun:test";
import { createLab, type Lab } from "./harness.ts";
import { failure, type Quirks, recently, rowsAt, type StandInRow } from "./stand-in.ts";

const DAY = 86_400_000;
const NOTES = "/v1/notes";
const labs: Lab[] = [];
afterEach(() => {
  for (const lab of labs.splice(0)) lab.end();
});

/** `old` notes over two years old and 20 recent ones; the list has all, the search the recent ones. */
function setUp(old: number, quirks: Quirks = {}): Lab {
  const lab = createLab({ maxPageSize: 10, ...quirks });
  labs.push(lab);
  const times = Array.from({ length: old }, (_, i) => Date.now() - 2_000 * DAY + i * 1_000);
  const rows = [...rowsAt("a-old", times), ...rowsAt("b-new", recently(20))];
  lab.api.rows.set("note", rows);
  lab.api.rows.set(NOTES, rows);
  return lab;
}

const listed = ({ api }: Lab) => api.asked.filter(({ path }) => path === NOTES).length;

describe("read", () => {
  test.each([0, 1, 9, 10, 11, 70, 71, 155])("%d old notes, whole, and not again", async (count) => {
    const lab = setUp(count);
    const pages = Math.ceil((count + 20) / 10);
    expect((await lab.sync(["notes"])).exitCode).toBe(0);
    expect(lab.held("notes")).toEqual(lab.truth("note"));
    expect(listed(lab)).toBeLessThanOrEqual(pages + 2 * Math.ceil(Math.log2(pages)) + 1);
    const before = listed(lab);
    expect((await lab.sync(["notes"])).exitCode).toBe(0);
    expect(listed(lab)).toBe(before);
  });

  test("not at all where the start date makes them unwanted", async () => {
    const lab = setUp(50);
    await lab.sync(["notes"], { start: Date.now() - 300 * DAY });
    expect([listed(lab), lab.held("notes").length]).toEqual([0, 20]);
  });
});

describe("while notes vanish", () => {
  const ways: [string, (rows: StandInRow[], count: number) => void][] = [
    ["the first one before each page", (rows) => rows.splice(0, 1)],
    ["the last old one before each page", (rows) => rows.splice(rows.length - 21, 1)],
    ["seven anywhere before each page", (rows, count) => rows.splice((count * 37) % (rows.length - 30), 7)],
    ["half of them at once", (rows, count) => count === 9 && rows.splice(20, 75)],
  ];
  for (const [name, vanish] of ways) {
    for (const commits of [undefined, 3, 9]) {
      const when = commits === undefined ? "" : `, interrupted after ${commits} commits`;
      test(`${name}: all that stay are read${when}`, async () => {
        const lab = setUp(150);
        lab.api.quirks.beforeList = (count) => vanish(lab.api.rows.get(NOTES)!, count);
        await lab.sync(["notes"], { concurrency: 1, most: 80, ...(commits && { commits }) });
        if (commits !== undefined) await lab.sync(["notes"], { concurrency: 1, most: 80 });
        const held = new Set(lab.held("notes"));
        expect(lab.truth(NOTES).filter((row) => !held.has(row))).toEqual([]);
      });
    }
  }
});

describe("where the old ones end in the list", () => {
  /** A list of pages of ten: notes of six years, so many of each. */
  const setUpYears = (...counts: number[]): Lab => {
    const lab = setUp(0);
    const year = 365.25 * DAY;
    const times = counts.flatMap((count, back) =>
      Array.from(
        { length: count },
        (_, i) => Date.now() - (counts.length - back) * year + (i * year) / count,
      ),
    );
    const rows = rowsAt("note", times);
    // A note is made a minute before it is changed for the last time.
    for (const [i, row] of rows.entries()) row.createdAt = new Date(times[i]! - 60_000).toISOString();
    lab.api.rows.set("note", rows);
    lab.api.rows.set(NOTES, rows);
    return lab;
  };
  const cases: [string, number[]][] = [
    ["in the middle", [50, 50, 50, 50, 50, 50]],
    ["soon", [3, 0, 4, 9, 200, 400]],
    ["late", [200, 200, 200, 100, 20, 5]],
    ["at once", [0, 0, 0, 0, 200, 400]],
    ["after one", [1, 0, 0, 0, 200, 400]],
    ["never", [100, 100, 50, 50, 0, 0]],
    ["after years without any", [100, 0, 0, 0, 0, 300]],
    ["before years without any", [40, 0, 0, 300, 0, 1]],
  ];
  test.each(cases)("%s: whole, and little of it is read that the search brings", async (_name, counts) => {
    const lab = setUpYears(...counts);
    expect((await lab.sync(["notes"])).exitCode).toBe(0);
    expect(lab.held("notes")).toEqual(lab.truth("note"));
    const border = Date.now() - 2 * 365.25 * DAY;
    const old = lab.api.rows.get("note")!.filter(({ createdAt }) => Date.parse(createdAt) < border).length;
    const pages = Math.ceil(lab.api.rows.get("note")!.length / 10);
    // Some pages to find where to begin, and those of ten days on either side of the border.
    expect(listed(lab)).toBeLessThanOrEqual(Math.ceil(old / 10) + 2 * Math.ceil(Math.log2(pages)) + 3);
  });

  async function listedAgain(...counts: number[]): Promise<number> {
    const lab = setUpYears(...counts);
    await lab.sync(["notes"]);
    const before = listed(lab);
    expect((await lab.sync(["notes"])).exitCode).toBe(0);
    return listed(lab) - before;
  }
  test("they are not read again", async () => expect(await listedAgain(50, 50, 50, 50, 0, 1)).toBe(0));
  // Nothing but the search tells how far may be claimed, and it has none of them.
  test("nor are they where there are no others", async () => {
    expect(await listedAgain(50, 50, 50, 50, 0, 0)).toBeLessThanOrEqual(2);
  });

  async function findLate(maxPageSize: number): Promise<void> {
    const lab = setUp(30, { maxPageSize });
    const young = rowsAt("c-young", recently(400));
    // Brought from elsewhere with their old dates.
    const late = rowsAt("d-late", Array<number>(15).fill(Date.now() - 1_000 * DAY));
    for (const row of late) row.createdAt = new Date(Date.now() - DAY).toISOString();
    const rows = [...lab.api.rows.get("note")!, ...young, ...late];
    for (const path of ["note", NOTES]) lab.api.rows.set(path, rows);
    await lab.sync(["notes"], { audits: true });
    for (let run = 0; run < 8; run += 1)
      expect((await lab.sync(["notes"], { audits: true })).exitCode).toBe(0);
    expect(lab.held("notes")).toEqual(lab.truth("note"));
  }
  test("old ones that were made late are found by the audit, which reads the list whole", () =>
    findLate(100));
  test("also where a page holds fewer rows than were asked for", () => findLate(25));
});

describe("interrupted", () => {
  async function stopAt(stop: number): Promise<number> {
    const lab = setUp(150);
    const first = await lab.sync(["notes"], { concurrency: 1, commits: stop });
    const second = await lab.sync(["notes"], { concurrency: 1 });
    expect(lab.held("notes")).toEqual(lab.truth("note"));
    return first.requests + second.requests;
  }

  /** The list is read first, so many pages of it to find where it begins and then to its end. */
  const LISTED = 21;

  test("anywhere in the list, it goes on, and asks for hardly a page twice", async () => {
    const { requests } = await setUp(150).sync(["notes"], { concurrency: 1 });
    for (let stop = 0; stop < LISTED; stop += 3) {
      // While the page to begin with is still looked for there is nothing to go on from.
      expect(await stopAt(stop)).toBeLessThanOrEqual(requests + 7);
    }
  });

  // Until the first sync ends, the list is read whole again by each run.
  test("after the list was read, it is not read again", async () => {
    const { requests, commits } = await setUp(150).sync(["notes"], { concurrency: 1 });
    for (let stop = LISTED; stop < commits; stop += 1) {
      expect(await stopAt(stop)).toBeLessThanOrEqual(requests + 2);
    }
  });
});

describe("a list that", () => {
  test.each([400, 403, 404])(
    "is refused with %d: the recent ones are there, called partial",
    async (status) => {
      const lab = setUp(30);
      lab.api.quirks.instead = ({ path }) => (path === NOTES ? failure(status, "not for you") : undefined);
      for (let run = 0; run < 2; run += 1) {
        const { streams, exitCode } = await lab.sync(["notes"]);
        expect(streams[0]).toMatchObject({ status: "partial" });
        expect(streams[0]?.error?.message).toMatch(/two years.*not for you/);
        expect(exitCode).toBe(6);
      }
      expect(lab.held("notes")).toHaveLength(20);
    },
  );

  test("is cut off is read as far as it goes, once, and called partial each time", async () => {
    const lab = setUp(150);
    lab.api.quirks.instead = ({ path, page }) =>
      path === NOTES && page > 5 ? failure(400, "beyond the cap") : undefined;
    const { streams, exitCode } = await lab.sync(["notes"]);
    expect([streams[0]?.status, exitCode]).toEqual(["partial", 6]);
    expect(streams[0]?.error?.message).toContain("beyond the cap");
    expect(lab.held("notes")).toHaveLength(70);
    const before = listed(lab);
    expect((await lab.sync(["notes"])).streams[0]?.status).toBe("partial");
    expect(listed(lab)).toBe(before);
  });

  test.each([null, "there is more"])(
    "is empty while the search has rows is no proof; its next page: %s",
    async (next) => {
      const lab = setUp(90);
      lab.api.quirks.instead = ({ path }) =>
        path === NOTES ? Response.json({ data: [], links: { next: next && `${NOTES}?page=2` } }) : undefined;
      const { streams, exitCode } = await lab.sync(["notes"]);
      expect([streams[0]?.status, exitCode]).toEqual(["partial", 6]);
      expect(streams[0]?.error?.message).toContain("lists nothing, and the search has rows");
      lab.api.quirks = { maxPageSize: 10 };
      expect((await lab.sync(["notes"])).exitCode).toBe(0);
      expect(lab.held("notes")).toEqual(lab.truth("note"));
    },
  );

  test("and the search that both have nothing are believed", async () => {
    const lab = setUp(0);
    for (const path of ["note", NOTES]) lab.api.rows.set(path, []);
    expect((await lab.sync(["notes"])).exitCode).toBe(0);
    const before = listed(lab);
    expect((await lab.sync(["notes"])).exitCode).toBe(0);
    expect(listed(lab)).toBe(before);
  });

  test("leaves a row out of a page now and then has it asked again", async () => {
    const lab = setUp(90);
    let count = 0;
    lab.api.quirks.instead = ({ path, page }) => {
      if (path !== NOTES || ++count % 3 !== 0 || page > 10) return undefined;
      const rows = lab.api.rows.get(NOTES)!.slice((page - 1) * 10, page * 10 - 1);
      const data = rows.map(({ id, ...attributes }) => ({ type: "note", id, attributes }));
      return Response.json({ data, meta: { pageSize: 10 }, links: { next: `${NOTES}?page=${page + 1}` } });
    };
    expect((await lab.sync(["notes"])).exitCode).toBe(0);
    expect(lab.held("notes")).toEqual(lab.truth("note"));
  });

  test("gives its first page for every page is not followed for ever", async () => {
    const lab = setUp(90);
    lab.api.quirks.instead = ({ path }) => {
      const rows = lab.api.rows.get(NOTES)!.slice(0, 10);
      const data = rows.map(({ id, ...attributes }) => ({ type: "note", id, attributes }));
      const answer = { data, meta: { pageSize: 10 }, links: { next: `${NOTES}?page=2&x=1` } };
      return path === NOTES ? Response.json(answer) : undefined;
    };
    const { streams } = await lab.sync(["notes"], { most: 12 });
    expect(streams[0]).toMatchObject({ status: "failed", error: { code: "shape" } });
  });

  test("is in another order cannot be read whole while it moves: said, the recent ones are there", async () => {
    const lab = setUp(90);
    lab.api.rows.set(NOTES, lab.api.rows.get(NOTES)!.toReversed());
    const { streams, exitCode } = await lab.sync(["notes"]);
    expect(streams[0]).toMatchObject({ status: "partial", error: { code: "incomplete" } });
    expect([exitCode, lab.held("notes").length >= 20]).toEqual([6, true]);
  });
});
