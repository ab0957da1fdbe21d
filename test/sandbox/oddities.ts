/** What each reading promises that is odd about lists, types of rows, or the size of an answer, as it is seen over HTTP. */
import { expect } from "bun:test";
import { gunzipSync } from "node:zlib";
import type { ReadingName } from "../../src/sandbox/readings.ts";
import { type Asked, ask, type Row, search, searchArchive, serve } from "./ask.ts";
import { as, START, sorted } from "./lies.ts";

const ids = (rows: readonly Row[]) => rows.map(({ id }) => id);
const INVITED = { rows: 1_000, invited: 4 };

async function expectActive(name: ReadingName, filter: string): Promise<void> {
  const sandbox = await as([name], INVITED);
  const active = (await ask(sandbox, "/v1/users")).page.data;
  expect(active.length).toBeGreaterThan(5);
  expect((await ask(sandbox, `/v1/users?${filter}=true`)).page.data).toEqual(active);
}

async function expectRefused(name: ReadingName, filter: string): Promise<void> {
  const sandbox = await as([name], INVITED);
  expect((await ask(sandbox, `/v1/users?${filter}=true`)).status).toBe(400);
  for (const path of ["/v1/users", "/v1/users?deleted=true", "/v1/users?pending=true"]) {
    expect((await ask(sandbox, path)).status).toBe(path.includes(filter) ? 400 : 200);
  }
}

/** The bytes of an answer to a search of notes as they come, not unpacked: at most so many. */
export async function raw(
  url: string,
  apiKey: string,
  most: number,
): Promise<{ bytes: Buffer; ended: boolean }> {
  const response = await fetch(`${url}/v1/customers/search`, {
    method: "POST",
    body: JSON.stringify(sorted("note")),
    headers: { authorization: `Bearer ${apiKey}` },
    // Bun's own: the body as it was sent.
    decompress: false,
  } as RequestInit);
  const parts: Uint8Array[] = [];
  const reader = response.body!.getReader();
  for (let size = 0; size < most; ) {
    const { done, value } = await reader.read();
    if (done) return { bytes: Buffer.concat(parts), ended: true };
    parts.push(value);
    size += value.length;
  }
  await reader.cancel();
  return { bytes: Buffer.concat(parts), ended: false };
}

export const ODDITIES = {
  "context-ignored": async () => {
    const sandbox = await as(["context-ignored"], { now: () => START });
    for (const asked of [search, searchArchive]) {
      const customers = (await asked(sandbox, sorted("customer"))).page;
      expect(customers.data.map(({ type }) => type)).toEqual(customers.data.map(() => "customer"));
      expect((await asked(sandbox, sorted("kobject"))).page).toEqual(customers);
    }
    expect((await search(sandbox, sorted("note"))).page.data[0]!.type).toBe("note");
    expect((await search(sandbox, { queryContext: "kobject", and: [{ kobject_nonsense: {} }] })).status).toBe(
      400,
    );
  },
  "list-unending": async () => {
    const sandbox = await as(["list-unending"]);
    const truth = new Set([...sandbox.truth("tags")].map(({ id }) => id));
    const seen = new Set<string>();
    let next: string | null = "/v1/tags?pageSize=25";
    for (let page = 0; page < 10; page++) {
      const answer: Asked = await ask(sandbox, next!);
      expect(answer.page.data).toHaveLength(25);
      for (const { id, type } of answer.page.data) {
        expect([id, type]).toEqual([expect.stringMatching(/^[0-9a-f]{24}$/), "tag"]);
        seen.add(id);
      }
      next = answer.page.links.next ?? null;
    }
    expect(seen.size).toBe(250);
    expect(truth.difference(seen).size).toBe(0);
    expect((await ask(sandbox, "/v1/teams")).page.links.next).toBeNull();
  },
  "users-deleted-ignored": () => expectActive("users-deleted-ignored", "deleted"),
  "users-deleted-refused": () => expectRefused("users-deleted-refused", "deleted"),
  "users-pending-ignored": () => expectActive("users-pending-ignored", "pending"),
  "users-pending-refused": () => expectRefused("users-pending-refused", "pending"),
  "body-unending": async () => {
    const sandbox = await as(["body-unending"]);
    const { ended, bytes } = await raw(sandbox.url, sandbox.apiKey, 20_000_000);
    expect([ended, bytes.toString("latin1", 0, 20)]).toEqual([false, '{"data":[{"type":"no']);
    expect((await search(sandbox, sorted("message"))).page.data).toHaveLength(100);
  },
  "body-bomb": async () => {
    const sandbox = await as(["body-bomb"]);
    const { ended, bytes } = await raw(sandbox.url, sandbox.apiKey, 20_000_000);
    expect([ended, bytes.length < 1_200_000, bytes.readUInt32LE(bytes.length - 4)]).toEqual([
      true,
      true,
      expect.any(Number),
    ]);
    expect(bytes.readUInt32LE(bytes.length - 4)).toBeGreaterThan(1_000_000_000);
    const small = await serve({ rows: 1_000, quirks: { bodyBomb: "note", bombBytes: 40_000_000 } });
    const text = gunzipSync((await raw(small.url, small.apiKey, 20_000_000)).bytes).toString("latin1");
    expect([text.length > 39_000_000, JSON.parse(text)]).toEqual([true, { data: [] }]);
  },
  "row-nested": async () => {
    const sandbox = await as(["row-nested"]);
    let deep = 0;
    for (const asked of [search, searchArchive]) {
      const { text } = await asked(sandbox, sorted("message"), "pageSize=500");
      deep += text.split(`"nested":${"[".repeat(50_000)}${"]".repeat(50_000)}`).length - 1;
    }
    expect(deep).toBe(1);
    expect(ids((await search(sandbox, sorted("note"))).page.data).length).toBeGreaterThan(0);
  },
} as const satisfies Partial<Record<ReadingName, () => Promise<void>>>;
