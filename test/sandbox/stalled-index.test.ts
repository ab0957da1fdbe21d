/** A search index that stands still while the account goes on, and then catches up. */
import { describe, expect, test } from "bun:test";
import { listAll, type Row, search, searchAll, searchArchive, serve, standingClock, timeOf } from "./ask.ts";
import { DAY, START, sorted } from "./lies.ts";

const ids = (rows: readonly Row[]) => rows.map(({ id }) => id);

async function setUp() {
  const clock = standingClock(START);
  const sandbox = await serve({ rows: 2_000, seed: 3, now: clock.now });
  const find = (context: string) => searchAll(sandbox, sorted(context));
  const count = async (body: object) => (await search(sandbox, body, "pageSize=1")).page.meta.total as number;
  return { clock, sandbox, find, count };
}

describe("while the index stands still", () => {
  test("searches find what they found, in the order of then, with the rows of now", async () => {
    const { clock, sandbox, find } = await setUp();
    const before = await find("message");
    sandbox.stallIndex();
    clock.move(1_000);
    sandbox.change(400);
    const after = await find("message");
    expect(ids(after)).toEqual(ids(before));
    const truth = new Map([...sandbox.truth("messages")].map((row) => [row.id, row]));
    expect(truth.size).toBeGreaterThan(before.length + 50);
    for (const { id, attributes } of after) {
      expect([id, attributes.updatedAt]).toEqual([id, truth.get(id)!.updatedAt]);
      expect([id, attributes.deleted === true]).toEqual([id, truth.get(id)!.deleted]);
    }
    expect(after.filter((row) => timeOf(row, "updatedAt") === clock.now()).length).toBeGreaterThan(10);
  });

  test("criteria are held against the values of then, and counts follow them", async () => {
    const { clock, sandbox, count } = await setUp();
    const since = {
      queryContext: "message",
      and: [{ message_updated_at: { gte: new Date(START).toISOString() } }],
    };
    const live = { queryContext: "note", not: [{ note_deleted: { equals: true } }], includeDeleted: true };
    const open = { queryContext: "conversation", and: [{ conversation_message_count: { gte: 4 } }] };
    const before = [await count(since), await count(live), await count(open)];
    sandbox.stallIndex();
    clock.move(1_000);
    sandbox.change(600);
    expect([await count(since), await count(live), await count(open)]).toEqual(before);
    sandbox.resumeIndex();
    const caughtUp = [await count(since), await count(live), await count(open)];
    for (const [place, total] of before.entries()) expect(caughtUp[place]).not.toBe(total);
  });

  test("lists and the archive go on", async () => {
    const { clock, sandbox } = await setUp();
    sandbox.stallIndex();
    clock.move(1_000);
    const [old] = (await searchArchive(sandbox, sorted("message"))).page.data;
    const listed = (await listAll(sandbox, "/v1/messages")).length;
    sandbox.change(900);
    expect((await listAll(sandbox, "/v1/messages")).length).toBeGreaterThan(listed);
    const archived = ids(await searchAll(sandbox, sorted("message"), true));
    expect(old).toBeDefined();
    expect(archived.length).toBeGreaterThan(0);
    const moved = [...sandbox.truth("messages")].filter(
      ({ updatedAt }) => Date.parse(updatedAt!) === clock.now(),
    );
    expect(archived.filter((id) => moved.some((row) => row.id === id))).toEqual([]);
  });

  test("a row that is purged is still counted, and does not come", async () => {
    const { sandbox, find, count } = await setUp();
    const before = await find("note");
    sandbox.stallIndex();
    const gone = sandbox.purge("notes", 5);
    expect(await count(sorted("note"))).toBe(before.length);
    const left = ids(before).filter((id) => !gone.includes(id));
    expect(left.length).toBeLessThan(before.length);
    expect(ids(await find("note"))).toEqual(left);
    sandbox.resumeIndex();
    expect(await count(sorted("note"))).toBe(left.length);
  });

  test("stopping it again changes nothing; only catching up does", async () => {
    const { clock, sandbox, count } = await setUp();
    const before = await count(sorted("message"));
    sandbox.stallIndex();
    clock.move(1_000);
    sandbox.change(200);
    sandbox.stallIndex();
    sandbox.play(["index-stalled", "total-phantom"]);
    expect(await count(sorted("message"))).toBe(before + 9);
  });
});

test("it catches up at once", async () => {
  const { clock, sandbox, find } = await setUp();
  sandbox.stallIndex();
  clock.move(DAY);
  sandbox.change(300);
  sandbox.resumeIndex();
  const rows = [...(await find("message")), ...(await searchAll(sandbox, sorted("message"), true))];
  const said = rows.map(({ id, attributes }) => `${id} ${attributes.updatedAt}`).sort();
  expect(said).toEqual([...sandbox.truth("messages")].map((row) => `${row.id} ${row.updatedAt}`).sort());
});

test("what it had not found yet when it stopped, it never finds", async () => {
  const clock = standingClock(START);
  const sandbox = await serve({ rows: 1_000, now: clock.now, quirks: { indexLagMs: 5_000 } });
  clock.move(DAY);
  const total = async () => (await search(sandbox, sorted("message"))).page.meta.total;
  const before = await total();
  sandbox.change(200);
  clock.move(1_000);
  sandbox.play({ indexLagMs: 5_000, indexStalled: true });
  clock.move(DAY);
  expect(await total()).not.toBe([...sandbox.truth("messages")].length);
  expect(await total()).toBeLessThanOrEqual(before as number);
});

test("over HTTP too", async () => {
  const { clock, sandbox, count } = await setUp();
  const control = async (path: string) => {
    const answer = await fetch(`${sandbox.url}/_sandbox/${path}`, { method: "POST" });
    return [answer.status, await answer.json()];
  };
  const before = await count(sorted("message"));
  expect(await control("stall-index")).toEqual([200, { stalled: true }]);
  clock.move(1_000);
  sandbox.change(200);
  expect(await count(sorted("message"))).toBe(before);
  expect(await control("resume-index")).toEqual([200, { stalled: false }]);
  expect(await count(sorted("message"))).toBeGreaterThan(before);
});
