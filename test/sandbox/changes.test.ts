import { describe, expect, test } from "bun:test";
import { createChanges } from "../../src/sandbox/changes.ts";
import { makeWorld } from "../../src/sandbox/dataset.ts";
import { render, truthOf } from "../../src/sandbox/render.ts";
import { STREAM_NAMES, type StreamName, type World } from "../../src/sandbox/world.ts";
import { ask, CONTEXTS, listAll, searchAll, serve, standingClock } from "./ask.ts";

const NOW = Date.UTC(2026, 10, 23, 9, 30);

/** Every row's text by its version: the same version must always have the same text. */
function texts(world: World): Map<string, string> {
  const all = new Map<string, string>();
  for (const stream of STREAM_NAMES) {
    for (let row = 0; row < world.tables[stream].size; row++) {
      const resource = render(world, stream, row);
      all.set(`${stream} ${resource.id} ${resource.attributes.updatedAt}`, JSON.stringify(resource));
    }
  }
  return all;
}

describe("changes", () => {
  test("alter the text of a row only together with its updatedAt", () => {
    const world = makeWorld({ rows: 1_500, seed: 8, now: NOW });
    const change = createChanges(world);
    let before = texts(world);
    for (let round = 1; round <= 8; round++) {
      change(40, NOW + round * 1_000);
      const after = texts(world);
      const altered = [...before].filter(
        ([version, text]) => after.has(version) && after.get(version) !== text,
      );
      expect(altered).toEqual([]);
      before = after;
    }
  });

  test("create, edit and delete rows of every stream, and are summed up", () => {
    const world = makeWorld({ rows: 2_000, seed: 8, now: NOW });
    const versions = (stream: StreamName) => new Map([...truthOf(world, stream)].map((row) => [row.id, row]));
    const before = Object.fromEntries(STREAM_NAMES.map((name) => [name, versions(name)]));
    const summary = createChanges(world)(300, NOW + 1_000);
    for (const stream of STREAM_NAMES) {
      const counted = { created: 0, updated: 0, deleted: 0 };
      for (const [id, row] of versions(stream)) {
        const old = before[stream]!.get(id);
        if (row.deleted && old?.deleted !== true) counted.deleted++;
        else if (old === undefined) counted.created++;
        else if (old.updatedAt !== row.updatedAt) counted.updated++;
      }
      expect([stream, summary[stream]]).toEqual([stream, counted]);
      expect(counted.created + counted.updated + counted.deleted).toBeGreaterThan(0);
    }
    for (const stream of ["conversations", "customers", "kobjects", "messages", "notes"] as const) {
      expect(
        Math.min(summary[stream].created, summary[stream].updated, summary[stream].deleted),
      ).toBeGreaterThan(0);
    }
  });

  test("do nothing to an empty account", () => {
    const world = makeWorld({ rows: 0, seed: 8, now: NOW });
    expect(createChanges(world)(50, NOW).messages).toEqual({ created: 0, updated: 0, deleted: 0 });
    expect(texts(world).size).toBe(0);
  });
});

describe("over HTTP", () => {
  test("a change is there for the next reader, last in the order of time", async () => {
    const clock = standingClock(NOW);
    const sandbox = await serve({ rows: 2_000, now: clock.now });
    clock.move(60_000);
    const since = new Date(clock.now()).toISOString();
    const summary = sandbox.change(200);
    for (const [stream, context] of Object.entries(CONTEXTS)) {
      const rows = await searchAll(sandbox, {
        queryContext: context,
        includeDeleted: true,
        and: [{ [`${context}_updated_at`]: { gte: since } }],
        sort: [{ [`${context}_updated_at`]: "asc" }],
      });
      const { created, updated, deleted } = summary[stream as StreamName];
      expect([stream, rows.length]).toEqual([stream, created + updated + deleted]);
      expect(rows.every(({ attributes }) => attributes.updatedAt === since)).toBe(true);
    }
    const active = await listAll(sandbox, "/v1/users");
    const gone = await listAll(sandbox, "/v1/users?deleted=true");
    expect(active.length + gone.length).toBe([...sandbox.truth("users")].length);
  });

  test("every row of the truth can be read, and nothing else", async () => {
    const sandbox = await serve({ rows: 2_500, seed: 3 });
    sandbox.change(150);
    for (const [stream, context] of Object.entries(CONTEXTS)) {
      const body = {
        queryContext: context,
        includeDeleted: true,
        sort: [{ [`${context}_updated_at`]: "asc" }],
      };
      const recent = await searchAll(sandbox, body);
      const old =
        stream === "notes" ? await listAll(sandbox, "/v1/notes") : await searchAll(sandbox, body, true);
      const read = new Map([...recent, ...old].map((row) => [row.id, row.attributes.updatedAt]));
      const truth = new Map([...sandbox.truth(stream)].map((row) => [row.id, row.updatedAt]));
      expect(new Map([...read].sort())).toEqual(new Map([...truth].sort()));
    }
  });

  test("rows change by themselves: before each request, or as time passes", async () => {
    const eager = await serve({ rows: 500, churnPerRequest: 3 });
    const total = async () => (await ask(eager, "/v1/customers")).page.meta.total as number;
    const first = await total();
    for (let asked = 0; asked < 40; asked++) await total();
    expect(await total()).not.toBe(first);

    const timed = await serve({ rows: 500 });
    const versions = () => JSON.stringify([...timed.truth("messages")]);
    const before = versions();
    expect((await fetch(`${timed.url}/_sandbox/churn?rate=500`, { method: "POST" })).status).toBe(200);
    while (versions() === before) await ask(timed, "/v1/teams");
    await fetch(`${timed.url}/_sandbox/churn?rate=0`, { method: "POST" });
  });
});
