/** Rows that are purged are gone from every answer, and nothing tells that they were there. */
import { describe, expect, test } from "bun:test";
import { createChanges } from "../../src/sandbox/changes.ts";
import { makeWorld } from "../../src/sandbox/dataset.ts";
import { createPurge } from "../../src/sandbox/purge.ts";
import { render, truthOf } from "../../src/sandbox/render.ts";
import { STREAM_NAMES } from "../../src/sandbox/world.ts";
import { CONTEXTS, listAll, searchAll, serve } from "./ask.ts";

const NOW = Date.UTC(2026, 10, 23, 9, 30);
const LISTS = { notes: "/v1/notes", shortcuts: "/v1/shortcuts", tags: "/v1/tags", teams: "/v1/teams" };

describe("over HTTP", () => {
  test("no search, list, row or truth shows a purged row, and the others are as they were", async () => {
    const sandbox = await serve({ rows: 3_000 });
    for (const stream of STREAM_NAMES) {
      const before = new Map([...sandbox.truth(stream)].map((row) => [row.id, row.updatedAt]));
      const answer = await fetch(`${sandbox.url}/_sandbox/purge?stream=${stream}&count=3`, {
        method: "POST",
      });
      const { purged } = (await answer.json()) as { purged: string[] };
      expect([stream, new Set(purged).size]).toEqual([stream, 3]);
      for (const id of purged) {
        expect(before.delete(id)).toBe(true);
        const row = await fetch(`${sandbox.url}/_sandbox/row?stream=${stream}&id=${id}`);
        expect(row.status).toBe(404);
      }
      expect(new Map([...sandbox.truth(stream)].map((row) => [row.id, row.updatedAt]))).toEqual(before);
    }
    for (const [stream, context] of Object.entries(CONTEXTS)) {
      const body = {
        queryContext: context,
        includeDeleted: true,
        sort: [{ [`${context}_updated_at`]: "asc" }],
      };
      const old = stream === "notes" ? [] : await searchAll(sandbox, body, true);
      const shown = new Set([...(await searchAll(sandbox, body)), ...old].map(({ id }) => id));
      const truth = [...sandbox.truth(stream)].map(({ id }) => id);
      const missing = stream === "notes" ? [] : truth.filter((id) => !shown.has(id));
      expect([stream, missing, [...shown].filter((id) => !truth.includes(id))]).toEqual([stream, [], []]);
    }
    for (const [stream, path] of Object.entries(LISTS)) {
      const listed = (await listAll(sandbox, path)).map(({ id }) => id);
      expect([stream, listed.sort()]).toEqual([
        stream,
        [...sandbox.truth(stream)].map(({ id }) => id).sort(),
      ]);
    }
  });

  test("what cannot be purged is refused, and no more rows go than there are", async () => {
    const sandbox = await serve({ rows: 300 });
    const ask = (query: string) => fetch(`${sandbox.url}/_sandbox/purge?${query}`, { method: "POST" });
    for (const query of ["stream=cats&count=1", "count=1", "stream=tags", "stream=tags&count=-1"]) {
      expect([query, (await ask(query)).status]).toEqual([query, 400]);
    }
    const live = [...sandbox.truth("tags")].filter(({ deleted }) => !deleted).length;
    expect(sandbox.purge("tags", 10_000)).toHaveLength(live);
    expect([...sandbox.truth("tags")].every(({ deleted }) => deleted)).toBe(true);
    expect(sandbox.purge("tags", 1)).toEqual([]);
  });
});

test("a purged row never comes back, whatever changes, and alters no row that stays", () => {
  const world = makeWorld({ rows: 2_000, seed: 8, now: NOW });
  const texts = () =>
    new Map(
      STREAM_NAMES.flatMap((stream) =>
        [...truthOf(world, stream)].map(({ id, updatedAt }) => {
          const row = world.tables[stream].find(id);
          return [`${stream} ${id} ${updatedAt}`, JSON.stringify(render(world, stream, row))] as const;
        }),
      ),
    );
  const before = texts();
  const purge = createPurge(world);
  const gone = STREAM_NAMES.map((stream) => [stream, new Set(purge(stream, 4))] as const);
  expect([...texts()].filter(([version, text]) => before.get(version) !== text)).toEqual([]);
  const change = createChanges(world);
  for (let round = 1; round <= 20; round += 1) change(60, NOW + round * 1_000);
  for (const [stream, ids] of gone) {
    expect([stream, ids.size]).toEqual([stream, 4]);
    expect([...truthOf(world, stream)].filter(({ id }) => ids.has(id))).toEqual([]);
  }
});
