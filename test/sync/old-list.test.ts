/** Notes over two years old, which only their list has: none is skipped, whatever vanishes meanwhile. */
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

test("interrupted anywhere, it goes on, and asks for hardly a page twice", async () => {
  const whole = setUp(150);
  const { requests, commits } = await whole.sync(["notes"], { concurrency: 1 });
  for (let stop = 0; stop < commits; stop += 3) {
    const lab = setUp(150);
    const first = await lab.sync(["notes"], { concurrency: 1, commits: stop });
    const second = await lab.sync(["notes"], { concurrency: 1 });
    expect(lab.held("notes")).toEqual(lab.truth("note"));
    // While the last page is still looked for there is nothing to go on from.
    expect(first.requests + second.requests).toBeLessThanOrEqual(requests + 11);
  }
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
