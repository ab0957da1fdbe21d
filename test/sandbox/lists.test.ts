import { describe, expect, test } from "bun:test";
import { ask, listAll, serve } from "./ask.ts";

const sandbox = await serve({ rows: 3_000, seed: 9 });
const truthOf = (stream: string) => [...sandbox.truth(stream)];
const idsOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id);
const liveIds = (stream: string) => idsOf(truthOf(stream).filter((row) => !row.deleted)).sort();

describe("lists", () => {
  test.each(["teams", "tags", "shortcuts", "notes"])(
    "%s hold every row, deleted ones marked, in order of id",
    async (stream) => {
      const rows = await listAll(sandbox, `/v1/${stream}?pageSize=100`);
      const truth = truthOf(stream);
      expect(idsOf(rows)).toEqual(idsOf(truth).sort());
      const gone = new Map(truth.filter((row) => row.deleted).map((row) => [row.id, row.deletedAt]));
      expect(gone.size).toBeGreaterThan(0);
      for (const { id, attributes } of rows) {
        expect(attributes.deleted === true).toBe(gone.has(id));
        if (gone.has(id)) expect(attributes.deletedAt as string | null).toBe(gone.get(id)!);
      }
    },
  );

  test.each(["conversations", "messages", "customers"])(
    "%s hold the live rows of any age",
    async (stream) => {
      expect(idsOf(await listAll(sandbox, `/v1/${stream}`))).toEqual(liveIds(stream));
    },
  );

  test.each(["conversations", "messages", "notes"])("%s can be turned round", async (stream) => {
    const up = idsOf(await listAll(sandbox, `/v1/${stream}?sort=asc`));
    expect(idsOf(await listAll(sandbox, `/v1/${stream}?sort=desc`))).toEqual(up.reverse());
    expect((await ask(sandbox, `/v1/${stream}?sort=name`)).status).toBe(400);
  });

  test("say their page and size, and link to the next until there is none", async () => {
    const { page } = await ask(sandbox, "/v1/tags?page=2&pageSize=20");
    expect(page.meta).toEqual({ pageSize: 20, page: 2 });
    const link = (number: number) => `/v1/tags?page=${number}&pageSize=20`;
    expect(page.links).toEqual({ self: link(2), first: link(1), prev: link(1), next: link(3) });
    const last = await ask(sandbox, "/v1/tags?page=3&pageSize=20");
    expect(last.page.links.next).toBeNull();
    expect((await ask(sandbox, "/v1/tags?page=99&pageSize=20")).page.data).toEqual([]);
  });

  test("of customers also say how many there are; those of notes how they are sorted", async () => {
    const { page } = await ask(sandbox, "/v1/customers");
    expect(page.meta.total).toBe(liveIds("customers").length);
    const notes = await ask(sandbox, "/v1/notes");
    expect(notes.page.links.self).toBe("/v1/notes?sort=asc&page=1&pageSize=100");
  });

  test.each([
    ["/v1/users", 500],
    ["/v1/teams", 500],
    ["/v1/tags", 100],
    ["/v1/notes", 100],
    ["/v1/customers", 100],
  ])("%s pages are at most %d rows and 100 by default", async (path, most) => {
    expect((await ask(sandbox, `${path}?pageSize=5000`)).page.meta.pageSize).toBe(most);
    expect((await ask(sandbox, path)).page.meta.pageSize).toBe(100);
  });

  test("page=0 and the like are refused, and the parameter is named", async () => {
    const { status, page } = await ask(sandbox, "/v1/tags?page=0");
    expect(status).toBe(400);
    expect((page as unknown as { errors: object[] }).errors[0]).toEqual({
      status: 400,
      source: { parameter: "page" },
      code: "badparam",
      title: "page must be a positive integer",
    });
  });
});

describe("users", () => {
  const gone = idsOf(truthOf("users").filter((row) => row.deleted)).sort();

  test("are the active ones; deactivated ones are listed apart", async () => {
    expect(gone.length).toBeGreaterThan(1);
    expect(idsOf(await listAll(sandbox, "/v1/users"))).toEqual(liveIds("users"));
    expect(idsOf(await listAll(sandbox, "/v1/users?deleted=true"))).toEqual(gone);
  });

  test("can be filtered by one thing at a time", async () => {
    const machines = await listAll(sandbox, "/v1/users?userType=machine");
    expect(machines.length).toBeGreaterThan(0);
    expect(machines.every(({ attributes }) => attributes.userType === "machine")).toBe(true);
    const email = String(machines[0]!.attributes.email);
    expect(idsOf(await listAll(sandbox, `/v1/users?email=${encodeURIComponent(email)}`))).toEqual([
      machines[0]!.id,
    ]);
    expect(await listAll(sandbox, "/v1/users?pending=true")).toEqual([]);
    const { status, text } = await ask(sandbox, "/v1/users?deleted=true&userType=machine");
    expect(status).toBe(400);
    expect(text).toContain("deleted and userType can not be combined");
  });

  test("keep their filter through the pages", async () => {
    const { page } = await ask(sandbox, "/v1/users?deleted=true&pageSize=1");
    expect(page.links.next).toBe("/v1/users?deleted=true&page=2&pageSize=1");
    expect(idsOf(await listAll(sandbox, "/v1/users?deleted=true&pageSize=1"))).toEqual(gone);
  });
});

describe("users who were invited and have not come yet", () => {
  test("are listed by pending only, and live", async () => {
    const inviting = await serve({ rows: 3_000, seed: 9, invited: 5 });
    const pending = await listAll(inviting, "/v1/users?pending=true");
    expect(pending).toHaveLength(5);
    const said = new Map([...inviting.truth("users")].map((row) => [row.id, row]));
    for (const { id, attributes } of pending) {
      expect([id, said.get(id)?.deleted]).toEqual([id, false]);
      expect(attributes).toMatchObject({ emailVerifiedAt: null, emailSignature: expect.any(String) });
      expect(Object.keys(attributes).filter((name) => /LoginAt$/.test(name))).toEqual([]);
    }
    const others = [
      ...(await listAll(inviting, "/v1/users")),
      ...(await listAll(inviting, "/v1/users?deleted=true")),
    ];
    expect(idsOf(others).filter((id) => idsOf(pending).includes(id))).toEqual([]);
    expect(idsOf([...others, ...pending]).sort()).toEqual([...said.keys()].sort());
    const byMail = `/v1/users?email=${encodeURIComponent(String(pending[0]!.attributes.email))}`;
    expect(idsOf(await listAll(inviting, byMail))).not.toContain(pending[0]!.id);
  });

  test("come in the course of time, and are listed with the others then", async () => {
    const inviting = await serve({ rows: 3_000, seed: 9, invited: 5 });
    const asked = idsOf(await listAll(inviting, "/v1/users?pending=true"));
    inviting.change(3_000);
    const left = idsOf(await listAll(inviting, "/v1/users?pending=true"));
    const come = asked.filter((id) => !left.includes(id));
    expect(come.length).toBeGreaterThan(0);
    const active = await listAll(inviting, "/v1/users");
    const there = active.filter(({ id }) => come.includes(id));
    expect(there.length).toBeGreaterThan(0);
    for (const { attributes } of there) expect(attributes.firstLoginAt).toEqual(expect.any(String));
  });

  test("change nothing about the other rows, and are not there in an empty account", async () => {
    const inviting = await serve({ rows: 3_000, seed: 9, invited: 5 });
    for (const stream of ["messages", "teams"]) {
      expect([...inviting.truth(stream)]).toEqual(truthOf(stream));
    }
    const empty = await serve({ rows: 0, invited: 5 });
    expect((await ask(empty, "/v1/users?pending=true")).page.data).toEqual([]);
  });
});
