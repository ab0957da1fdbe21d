/**
 * What an account has set up is read whole, seldom, and missed by nobody who did not ask for it: a key or an account
 * may not have it. Once it was read it is as Kustomer has it, whatever came, changed or went.
 */
import { afterEach, describe, expect, test } from "bun:test";
import { type Sandbox, startSandbox } from "../../src/sandbox/sandbox.ts";
import { STREAMS } from "../../src/streams/index.ts";
import { createHarness, type Harness, type Outcome, versionOf } from "./harness.ts";

const MINUTE = 60_000;
const SETTINGS = STREAMS.filter(({ isSetting }) => isSetting).map(({ name }) => name);
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

type Lab = Harness & { readonly sandbox: Sandbox; readonly pass: (ms: number) => void };

async function setUp(withoutRole: string[] = []): Promise<Lab> {
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const sandbox = await startSandbox({ rows: 200, rpm: 1e6, searchRpm: 1e6, now, withoutRole });
  const harness = createHarness(sandbox);
  ends.push(() => sandbox.stop(), harness.end);
  return {
    ...harness,
    sandbox,
    pass: (ms) => {
      ahead += ms;
    },
  };
}

function truthOf({ sandbox }: Lab, stream: string): string[] {
  return [...sandbox.truth(stream)].map((row) => versionOf(row.id, row.updatedAt, row.deleted)).sort();
}

const statuses = ({ streams }: Outcome) =>
  Object.fromEntries(streams.map(({ stream, status }) => [stream, status]));
const of = ({ streams }: Outcome, name: string) => streams.find(({ stream }) => stream === name)!;

function expectEqual(lab: Lab): void {
  for (const name of SETTINGS) expect([name, lab.held(name)]).toEqual([name, truthOf(lab, name)]);
}

test("every setting is read, those too that come beside others or one document at a time", async () => {
  const lab = await setUp();
  expect((await lab.sync()).exitCode).toBe(0);
  expectEqual(lab);
  for (const name of SETTINGS) expect([name, lab.held(name).length > 0]).toEqual([name, true]);
  expect(lab.query("SELECT DISTINCT status FROM klasses ORDER BY 1")).toEqual(
    ["disabled", "enabled", "existing_only"].map((status) => ({ status })),
  );
  const attributes = lab.query(
    "SELECT value_type, enumeration, target, multi FROM custom_attributes WHERE id IN ('customer.loyaltyTierStr', 'customer.ordersId') ORDER BY id",
  );
  expect(attributes).toEqual([
    { value_type: "string", enumeration: '["none","silver","gold"]', target: null, multi: null },
    { value_type: "string", enumeration: null, target: "kobject.order", multi: 1 },
  ]);
  const versions =
    "SELECT count(*) AS n FROM slas, json_each(slas.relationships, '$.versions.data') AS version";
  expect(lab.query(`${versions} JOIN sla_versions ON sla_versions.id = version.value ->> 'id'`)).toEqual([
    { n: 3 },
  ]);
});

describe("a setting that was read a moment ago", () => {
  test("is not asked for again, and says from when it is", async () => {
    const lab = await setUp();
    const first = await lab.sync();
    lab.sandbox.changeSettings();
    lab.pass(9 * MINUTE);
    const second = await lab.sync();
    for (const name of SETTINGS) {
      expect(of(second, name)).toMatchObject({
        status: "done",
        requests: 0,
        synced_to: of(first, name).synced_to,
      });
    }
    expect(second.exitCode).toBe(0);
    expect(second.requests).toBeLessThanOrEqual(14);
  });

  test.each([
    ["once ten minutes have passed", 11 * MINUTE, {}],
    ["when it is named", MINUTE, { isNamed: true }],
    ["by a full read", MINUTE, { full: true }],
  ] as const)("is read again %s", async (_name, ms, options) => {
    const lab = await setUp();
    await lab.sync();
    const changed = lab.sandbox.changeSettings();
    lab.pass(ms);
    expect((await lab.sync([], options)).exitCode).toBe(0);
    expectEqual(lab);
    expect(changed.length).toBeGreaterThan(8);
  });

  test("is read again by a clock that goes backwards, or one that was years ahead", async () => {
    const lab = await setUp();
    lab.pass(3 * 365 * 1_440 * MINUTE);
    await lab.sync();
    lab.sandbox.changeSettings();
    lab.pass(-3 * 365 * 1_440 * MINUTE);
    await lab.sync();
    lab.sandbox.changeSettings();
    lab.pass(11 * MINUTE);
    await lab.sync();
    const changes = lab.query("SELECT description FROM brands WHERE description LIKE 'changed%'");
    expect(changes.length).toBeGreaterThan(0);
    for (const name of SETTINGS) expect(lab.held(name).length).toBe(truthOf(lab, name).length);
  });
});

test("what is gone from a list is marked deleted, in the file and not in the table", async () => {
  const lab = await setUp();
  await lab.sync();
  const [queue] = lab.sandbox.purge("queues", 1);
  const [attribute] = lab.sandbox.purge("custom_attributes", 1);
  lab.pass(11 * MINUTE);
  const outcome = await lab.sync();
  expect([of(outcome, "queues").deleted, of(outcome, "custom_attributes").deleted]).toEqual([1, 1]);
  for (const [name, id] of [
    ["queues", queue!],
    ["custom_attributes", attribute!],
  ] as const) {
    const gone = lab.held(name).filter((row) => row.endsWith("deleted"));
    expect(gone.map((row) => row.split(" ")[0]!)).toEqual([id]);
  }
});

describe("what the key may not read", () => {
  test("is absent, which is no failure", async () => {
    const lab = await setUp([...SETTINGS]);
    const outcome = await lab.sync();
    expect(outcome.exitCode).toBe(0);
    for (const [name, status] of Object.entries(statuses(outcome))) {
      expect([name, status]).toEqual([name, SETTINGS.includes(name) ? "absent" : "done"]);
    }
    expect(of(outcome, "queues").error).toMatchObject({ code: "role" });
    for (const name of SETTINGS) expect(lab.held(name)).toEqual([]);
  });

  test("is missed when it is named", async () => {
    const lab = await setUp(["queues"]);
    const outcome = await lab.sync(["queues", "brands"], { isNamed: true });
    expect([outcome.exitCode, statuses(outcome)]).toEqual([6, { queues: "skipped", brands: "done" }]);
  });

  test("is missed where it is one of the streams that every account has", async () => {
    const lab = await setUp(["tags"]);
    const outcome = await lab.sync();
    expect([outcome.exitCode, statuses(outcome).tags]).toEqual([6, "skipped"]);
  });

  test("and was read before keeps its rows", async () => {
    const withRole = await setUp();
    await withRole.sync();
    const before = withRole.held("queues");
    withRole.pass(11 * MINUTE);
    const relay = Bun.serve({
      port: 0,
      fetch: async (request) => {
        const { pathname, search } = new URL(request.url);
        if (pathname === "/v1/routing/queues")
          return Response.json({ errors: [{ status: 404 }] }, { status: 404 });
        const body = request.method === "POST" ? await request.text() : undefined;
        const headers = {
          authorization: request.headers.get("authorization") ?? "",
          "content-type": "application/json",
        };
        const answer = await fetch(`${withRole.sandbox.url}${pathname}${search}`, {
          ...{ method: request.method, headers },
          ...(body === undefined ? {} : { body }),
        });
        return new Response(answer.body, { status: answer.status, headers: answer.headers });
      },
    });
    ends.push(() => relay.stop(true));
    const outcome = await withRole.sync([], { url: relay.url.href.replace(/\/$/, "") });
    expect([outcome.exitCode, statuses(outcome).queues]).toEqual([0, "absent"]);
    expect(withRole.held("queues")).toEqual(before);
  });

  test("of the klasses leaves the custom attributes of all else, says so, and marks none as gone", async () => {
    const lab = await setUp(["klasses"]);
    const outcome = await lab.sync(["custom_attributes"]);
    expect(of(outcome, "custom_attributes")).toMatchObject({ status: "partial", written: 5 });
    expect(outcome.exitCode).toBe(6);
  });
});
