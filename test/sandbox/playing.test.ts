/** The readings are changed while the server runs, and go together. */
import { expect, test } from "bun:test";
import { quirksOf, READING_NAMES } from "../../src/sandbox/readings.ts";
import { ask, search, serve, standingClock } from "./ask.ts";
import { START, sorted } from "./lies.ts";

test("what is played takes effect with the next request, and replaces what was played", async () => {
  const sandbox = await serve({ rows: 1_000, quirks: { listMost: 25 } });
  expect((await ask(sandbox, "/v1/notes")).page.data).toHaveLength(25);
  sandbox.play(["answers-206"]);
  expect((await search(sandbox, sorted("message"))).status).toBe(206);
  expect((await ask(sandbox, "/v1/notes")).page.data).toHaveLength([...sandbox.truth("notes")].length);
  sandbox.play({ phantomRows: 3, mostTotal: 5 });
  expect((await search(sandbox, sorted("message"))).page.meta.total).toBe(5);
  sandbox.play([]);
  expect((await search(sandbox, sorted("message"))).page.meta.total).toBeGreaterThan(5);
});

test("over HTTP too, by name; an unknown name changes nothing", async () => {
  const sandbox = await serve({ rows: 1_000 });
  const play = async (readings: string) => {
    const answer = await fetch(`${sandbox.url}/_sandbox/as?readings=${readings}`, { method: "POST" });
    return [answer.status, await answer.json()];
  };
  expect(await play("answers-206,clock-absent")).toEqual([
    200,
    { readings: ["answers-206", "clock-absent"] },
  ]);
  const { status, headers } = await search(sandbox, sorted("message"));
  expect([status, headers.has("date")]).toEqual([206, false]);
  expect(await play("answers-empty,nonsense")).toEqual([400, { error: 'no reading "nonsense"' }]);
  expect((await search(sandbox, sorted("message"))).status).toBe(206);
  expect(await play("")).toEqual([200, { readings: [] }]);
  expect((await search(sandbox, sorted("message"))).status).toBe(200);
});

test.each([
  [75 * 365.25 * 86_400_000, true],
  [-3 * 3_600_000, true],
  // Before 1970 there are no seconds to tell.
  [-75 * 365.25 * 86_400_000, false],
])("with a clock that is %d ms off, the window's end goes by that clock", async (offset, told) => {
  const clock = standingClock(START);
  const sandbox = await serve({
    rows: 300,
    rpm: 1,
    now: clock.now,
    quirks: { clockOffsetMs: offset, retryAfter: true },
  });
  await ask(sandbox, "/v1/teams");
  clock.move(20_000);
  const { headers } = await ask(sandbox, "/v1/teams");
  expect(headers.get("retry-after")).toBe("40");
  const reset = headers.get("x-ratelimit-reset");
  expect(reset !== null).toBe(told);
  if (reset === null) return;
  const wait = Number(reset) * 1_000 - Date.parse(headers.get("date")!);
  expect(wait).toBeWithin(40_000, 42_000);
});

test("readings go together, two or all of them: the server answers", async () => {
  const sandbox = await serve({ rows: 300, invited: 2 });
  const statuses = async (): Promise<number[]> => {
    const authorization = `Bearer ${sandbox.apiKey}`;
    const ask = async (path: string, context?: string) => {
      const asked = context === undefined ? {} : { method: "POST", body: JSON.stringify(sorted(context)) };
      const answer = await fetch(sandbox.url + path, { ...asked, headers: { authorization } });
      await answer.body?.cancel();
      return answer.status;
    };
    const searches = ["message", "note", "kobject"].map((context) => ask("/v1/customers/search", context));
    return Promise.all([...searches, ask("/v1/tags"), ask("/v1/users?deleted=true")]);
  };
  const some = (place: number, distance: number) => READING_NAMES[(place + distance) % READING_NAMES.length]!;
  const groups = READING_NAMES.flatMap((one, place) => [1, 3, 8, 20].map((away) => [one, some(place, away)]));
  for (const names of [...groups, READING_NAMES, READING_NAMES.toReversed()]) {
    // A gibibyte need not be made; a small one is sent in the same way.
    sandbox.play({ ...quirksOf(names), bombBytes: 2_000_000 });
    sandbox.change(1);
    const seen = await statuses();
    expect([names, seen.filter((status) => ![200, 206, 400].includes(status))]).toEqual([names, []]);
  }
});
