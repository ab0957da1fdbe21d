/** Rows that are edited when a search has found them and not yet fetched them. */
import { expect, test } from "bun:test";
import type { Quirks } from "../../src/sandbox/quirks.ts";
import { type Row, search, searchArchive, serve, standingClock, timeOf } from "./ask.ts";
import { START, sorted } from "./lies.ts";

async function setUp(quirks: Quirks) {
  const clock = standingClock(START);
  const sandbox = await serve({ rows: 2_000, now: clock.now });
  const page = async (query = "pageSize=100") => (await search(sandbox, sorted("message"), query)).page;
  const before = await page();
  clock.move(1_000);
  sandbox.play(quirks);
  return { clock, sandbox, page, before };
}

const ids = (rows: readonly Row[]) => rows.map(({ id }) => id);

test("a page has the order and the count from before, and the rows from after, which are true", async () => {
  const { clock, sandbox, page, before } = await setUp({ hitsEdited: 1 });
  const old = new Map([...sandbox.truth("messages")].map((row) => [row.id, row.updatedAt]));
  const { meta, data } = await page();
  expect([meta, ids(data)]).toEqual([before.meta, ids(before.data)]);
  expect(data[0]).toEqual(before.data[0]!);
  const truth = new Map([...sandbox.truth("messages")].map((row) => [row.id, row.updatedAt]));
  for (const row of data.slice(1)) {
    expect(timeOf(row, "updatedAt")).toBe(clock.now());
    expect(truth.get(row.id)).toBe(row.attributes.updatedAt as string);
    old.delete(row.id);
  }
  for (const [id, updatedAt] of old) expect(truth.get(id)).toBe(updatedAt);
});

/** How many rows of the page that a standing index goes on showing are edited by each of so many searches. */
async function editsOf(
  { clock, page }: Awaited<ReturnType<typeof setUp>>,
  searches: number,
): Promise<number[]> {
  const edits: number[] = [];
  for (let nth = 0; nth < searches; nth++) {
    clock.move(1_000);
    const { data } = await page();
    edits.push(data.filter((row) => timeOf(row, "updatedAt") === clock.now()).length);
  }
  return edits;
}

test("each row is edited once, or as often as asked, so that reading comes to an end", async () => {
  const once = await setUp({ hitsEdited: 1, indexStalled: true });
  expect(await editsOf(once, 3)).toEqual([99, 0, 0]);
  const thrice = await setUp({ hitsEdited: 1, hitsEditedTimes: 3, indexStalled: true });
  expect(await editsOf(thrice, 5)).toEqual([99, 99, 99, 0, 0]);
  thrice.sandbox.resumeIndex();
  while ((await editsOf(thrice, 1))[0]! > 0);
});

test("switched off and on, it begins anew", async () => {
  const account = await setUp({ hitsEdited: 1, indexStalled: true });
  expect(await editsOf(account, 2)).toEqual([99, 0]);
  account.sandbox.play({ indexStalled: true });
  expect(await editsOf(account, 1)).toEqual([0]);
  account.sandbox.play({ hitsEdited: 1, indexStalled: true });
  expect(await editsOf(account, 2)).toEqual([99, 0]);
});

test("a share of them is spread over the page", async () => {
  const { clock, page } = await setUp({ hitsEdited: 0.25 });
  const { data } = await page("pageSize=9");
  const edited = data.map((row) => timeOf(row, "updatedAt") === clock.now());
  expect(edited).toEqual([false, false, false, false, true, false, false, false, true]);
});

test("neither a page of one row nor the archive is touched", async () => {
  const { clock, sandbox, page } = await setUp({ hitsEdited: 1 });
  await page("pageSize=1");
  await searchArchive(sandbox, sorted("message"));
  const now = new Date(clock.now()).toISOString();
  expect([...sandbox.truth("messages")].filter(({ updatedAt }) => updatedAt === now)).toEqual([]);
});

test("an index that stands still finds the rows where they stood, edited or not", async () => {
  const { clock, page, before } = await setUp({ hitsEdited: 1, hitsEditedTimes: 2, indexStalled: true });
  for (let nth = 0; nth < 3; nth++) {
    clock.move(1_000);
    const { meta, data } = await page();
    expect([meta, ids(data)]).toEqual([before.meta, ids(before.data)]);
  }
});
