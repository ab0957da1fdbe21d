/** Streams that are read whole: what counts as gone, and lists that never end. */
import { afterEach, describe, expect, test } from "bun:test";
import { createLab, type Lab } from "./harness.ts";
import { failure, type Quirks, rowsAt } from "./stand-in.ts";

const TAGS = "/v1/tags";
const USERS = "/v1/users";
const labs: Lab[] = [];
afterEach(() => {
  for (const lab of labs.splice(0)) lab.end();
});

function setUp(path: string, count: number, quirks: Quirks = {}): Lab {
  const lab = createLab({ maxPageSize: 10, ...quirks });
  labs.push(lab);
  lab.api.rows.set(path, rowsAt("row", Array<number>(count).fill(Date.now() - 1e9)));
  return lab;
}

const deleted = (lab: Lab, stream: string) => lab.held(stream).filter((row) => row.endsWith("deleted"));

test("a list of several pages is read whole, and again without writing", async () => {
  const lab = setUp(TAGS, 35);
  expect((await lab.sync(["tags"])).requests).toBe(4);
  expect(lab.held("tags")).toEqual(lab.truth(TAGS));
  expect((await lab.sync(["tags"])).streams[0]).toMatchObject({ status: "done", read: 35, written: 0 });
});

test("a row that is gone is marked deleted once a second listing lacks it too", async () => {
  const lab = setUp(TAGS, 35);
  await lab.sync(["tags"]);
  const [gone] = lab.api.rows.get(TAGS)!.splice(7, 1);
  const { streams, requests } = await lab.sync(["tags"]);
  expect([streams[0]?.deleted, requests]).toEqual([1, 8]);
  expect(deleted(lab, "tags")).toEqual([expect.stringContaining(gone!.id)]);
  lab.api.rows.get(TAGS)!.push(gone!);
  await lab.sync(["tags"]);
  expect(deleted(lab, "tags")).toEqual([]);
});

test("rows that slip to a page already read are missed once, and not marked", async () => {
  const lab = setUp(TAGS, 35);
  await lab.sync(["tags"]);
  const before = lab.api.asked.length;
  lab.api.quirks.beforeList = (_count, { page }) => {
    // One row of the first page goes when the second is asked, in the first listing of the run.
    if (page === 2 && lab.api.rows.get(TAGS)!.length === 35) lab.api.rows.get(TAGS)!.splice(3, 1);
  };
  const { streams } = await lab.sync(["tags"]);
  expect(lab.api.asked.length - before).toBeGreaterThan(5);
  expect(streams[0]?.status).toBe("done");
  // That one row was still there in one of the two listings.
  expect(deleted(lab, "tags")).toEqual([]);
  expect((await lab.sync(["tags"])).streams[0]?.deleted).toBe(1);
});

describe("a listing that lacks too much", () => {
  test.each([
    ["nothing", 0],
    ["less than two thirds", 20],
  ])("%s: refused, partial, 6", async (_name, left) => {
    const lab = setUp(TAGS, 35);
    await lab.sync(["tags"]);
    lab.api.rows.set(TAGS, lab.api.rows.get(TAGS)!.slice(0, left));
    const { streams, exitCode } = await lab.sync(["tags"]);
    expect(streams[0]).toMatchObject({ status: "partial", error: { code: "sweep-refused" } });
    expect(exitCode).toBe(6);
    expect(deleted(lab, "tags")).toEqual([]);
    const forced = await lab.sync(["tags"], { force: true });
    expect([forced.exitCode, deleted(lab, "tags").length]).toEqual([0, 35 - left]);
  });
});

test("users who are deactivated or come back are found in the other listing", async () => {
  const lab = setUp(USERS, 15);
  const inactive = `${USERS}?deleted`;
  lab.api.rows.set(inactive, rowsAt("gone", Array<number>(12).fill(Date.now() - 1e9)));
  await lab.sync(["users"]);
  expect(deleted(lab, "users")).toHaveLength(12);
  const [left] = lab.api.rows.get(USERS)!.splice(0, 1);
  const [back] = lab.api.rows.get(inactive)!.splice(0, 1);
  lab.api.rows.get(inactive)!.push({ ...left!, updatedAt: new Date().toISOString() });
  lab.api.rows.get(USERS)!.push({ ...back!, updatedAt: new Date().toISOString() });
  const { streams } = await lab.sync(["users"]);
  expect(streams[0]).toMatchObject({ status: "done", deleted: 1 });
  const ids = deleted(lab, "users").map((row) => row.split(" ")[0]);
  expect([ids.includes(left!.id), ids.includes(back!.id), ids.length]).toEqual([true, false, 12]);
});

describe("of the further listings of users", () => {
  const [deactivated, invited] = [`${USERS}?deleted`, `${USERS}?pending`];
  const at = Date.now() - 1e9;
  const users = (): Lab => {
    const lab = setUp(USERS, 25);
    lab.api.rows.set(deactivated, rowsAt("left", Array<number>(12).fill(at)));
    lab.api.rows.set(invited, rowsAt("invited", Array<number>(13).fill(at)));
    return lab;
  };
  const count = (lab: Lab) => {
    const held = lab.held("users");
    const of = (prefix: string, end: string) =>
      held.filter((row) => row.startsWith(prefix) && row.endsWith(end)).length;
    return {
      ...{ active: of("row", "live"), left: of("left", "deleted"), invited: of("invited", "live") },
      others: held.length - of("row", "live") - of("left", "deleted") - of("invited", "live"),
    };
  };
  const all = { active: 25, left: 12, invited: 13, others: 0 };

  test("each brings who the plain one leaves out, and each is read whole", async () => {
    const lab = users();
    expect((await lab.sync(["users"])).exitCode).toBe(0);
    expect(count(lab)).toEqual(all);
    expect((await lab.sync(["users"])).streams[0]).toMatchObject({ status: "done", written: 0, deleted: 0 });
  });

  test("who accepts an invitation, leaves and comes back is what the last of it was", async () => {
    const lab = users();
    const rows = lab.api.rows;
    const [person] = rows.get(invited)!;
    const move = (from: string, to: string) => {
      rows.set(
        from,
        rows.get(from)!.filter(({ id }) => id !== person!.id),
      );
      rows.get(to)!.push(person!);
    };
    await lab.sync(["users"]);
    const isLive = async () => {
      expect((await lab.sync(["users"])).exitCode).toBe(0);
      return lab.held("users").some((row) => row.startsWith(person!.id) && row.endsWith("live"));
    };
    move(invited, USERS);
    expect(await isLive()).toBe(true);
    move(USERS, deactivated);
    expect(await isLive()).toBe(false);
    move(deactivated, USERS);
    expect(await isLive()).toBe(true);
  });

  for (const ignoresQuery of [["deleted"], ["pending"], ["deleted", "pending"]] as const) {
    test(`one that takes no notice of ${ignoresQuery.join(" and ")} marks nobody, not for one commit`, async () => {
      const lab = users();
      lab.api.quirks.ignoresQuery = [...ignoresQuery];
      const marks: number[] = [];
      const isMarked = () =>
        lab.query("SELECT count(*) AS n FROM users WHERE id LIKE 'row%' AND _deleted_at IS NOT NULL")[0]!.n;
      const onCommit = () => void marks.push(Number(isMarked()));
      for (let run = 0; run < 2; run += 1) {
        const { streams, exitCode } = await lab.sync(["users"], { onCommit });
        expect([exitCode, streams[0]?.error]).toEqual([0, null]);
        marks.push(Number(isMarked()));
        if (run > 0) expect(streams[0]?.written).toBe(0);
      }
      expect(marks.every((n) => n === 0)).toBe(true);
      const isIgnored = (name: "deleted" | "pending") => (ignoresQuery as readonly string[]).includes(name);
      expect(count(lab)).toEqual({
        ...all,
        ...(isIgnored("deleted") && { left: 0 }),
        ...(isIgnored("pending") && { invited: 0 }),
      });
      lab.api.quirks.ignoresQuery = [];
      await lab.sync(["users"]);
      expect(count(lab)).toEqual(all);
    });
  }

  const refusals = [400, 401, 403, 404].flatMap((status) => [
    [status, "deleted", "deactivated users"] as const,
    [status, "pending", "invited users"] as const,
  ]);
  test.each(refusals)(
    "one that is refused with %d (%s) costs but what it would have told",
    async (status, query, rows) => {
      const lab = users();
      lab.api.quirks.instead = ({ path }, url) =>
        path === USERS && url.searchParams.has(query) ? failure(status, "not for you") : undefined;
      for (let run = 0; run < 2; run += 1) {
        const { streams, exitCode } = await lab.sync(["users"]);
        expect([exitCode, streams[0]?.status]).toEqual([6, "partial"]);
        expect(streams[0]?.error?.message).toContain(`${rows} were refused`);
        expect(streams[0]?.error?.message).toContain("not for you");
        expect(count(lab)).toEqual({ ...all, [query === "deleted" ? "left" : "invited"]: 0 });
      }
      delete lab.api.quirks.instead;
      expect((await lab.sync(["users"])).exitCode).toBe(0);
      expect(count(lab)).toEqual(all);
      // Whom it alone tells of is not gone because it is refused; who left the plain one is, where that is known.
      lab.api.quirks.instead = ({ path }, url) =>
        path === USERS && url.searchParams.has(query) ? failure(status, "not for you") : undefined;
      lab.api.rows.get(USERS)!.splice(3, 1);
      await lab.sync(["users"]);
      const known = query === "deleted" ? { active: 24, others: 1 } : {};
      expect(count(lab)).toEqual({ ...all, ...known });
    },
  );

  test("a key that is no good any more is told from a listing that is refused", async () => {
    const lab = users();
    lab.api.quirks.instead = ({ path }, url) => {
      if (path !== USERS || !url.searchParams.has("deleted")) return undefined;
      lab.api.quirks.revoked = true;
      return failure(401, "no");
    };
    const { stopped, exitCode } = await lab.sync(["users"]);
    expect([stopped?.code, exitCode]).toEqual(["auth", 3]);
  });
});

test("a row in the plain listing is live, unless it calls itself deleted", async () => {
  const lab = setUp(USERS, 5);
  lab.api.rows.get(USERS)![2]!.deleted = true;
  lab.api.rows.set(`${USERS}?deleted`, lab.api.rows.get(USERS)!.slice(1, 4));
  await lab.sync(["users"]);
  expect(lab.held("users")).toEqual(lab.truth(USERS));
  expect(deleted(lab, "users")).toHaveLength(1);
});

test("a page in the middle that holds fewer rows than those before is asked again", async () => {
  const lab = setUp(TAGS, 35);
  await lab.sync(["tags"]);
  let short = 0;
  lab.api.quirks.instead = ({ path, page }) => {
    if (path !== TAGS || page !== 2 || ++short > 2) return undefined;
    const data = lab.api.rows
      .get(TAGS)!
      .slice(10, 17)
      .map(({ id, ...attributes }) => ({ type: "tag", id, attributes }));
    return Response.json({ data, meta: { pageSize: 10 }, links: { next: `${TAGS}?page=3&pageSize=10` } });
  };
  const { streams, requests } = await lab.sync(["tags"]);
  // Two pages more; and it is whole, so that no second listing is asked for.
  expect([requests, streams[0]?.status, streams[0]?.deleted]).toEqual([6, "done", 0]);
  expect(lab.held("tags")).toEqual(lab.truth(TAGS));
});

describe("a list that never ends", () => {
  const page = (ids: string[], next: string) =>
    Response.json({
      data: ids.map((id) => ({ type: "tag", id, attributes: { name: id } })),
      meta: { pageSize: 2 },
      links: { next },
    });
  const endless: [string, (url: URL) => Response][] = [
    [
      "whose links go in a circle",
      (url) => page(["a"], `${TAGS}?page=${(Number(url.searchParams.get("page")) % 3) + 1}`),
    ],
    [
      "that gives its first page for every page",
      (url) => page(["a", "b"], `${TAGS}?page=${Number(url.searchParams.get("page") ?? 1) + 1}`),
    ],
  ];
  for (const [name, answer] of endless) {
    test(`${name}: said after a few requests; the others are done, and nothing is marked`, async () => {
      const lab = setUp("/v1/shortcuts", 5);
      lab.api.quirks.instead = ({ path }, url) => (path === TAGS ? answer(url) : undefined);
      const { streams, exitCode } = await lab.sync(["tags", "shortcuts"], { most: 12 });
      const tags = streams.find(({ stream }) => stream === "tags");
      expect(tags).toMatchObject({ status: "failed", error: { code: "shape" } });
      expect(tags?.error?.message).toContain("circle");
      expect(streams.find(({ stream }) => stream === "shortcuts")?.status).toBe("done");
      // Nor is anything kept of what may be no list at all.
      expect([exitCode, deleted(lab, "tags")]).toEqual([6, []]);
    });
  }

  test("though each page is new: said after a thousand; the others are done", async () => {
    const lab = setUp("/v1/shortcuts", 5);
    let count = 0;
    lab.api.quirks.instead = ({ path }) =>
      path === TAGS ? page([`t${count++}`, `t${count++}`], `${TAGS}?page=${count}`) : undefined;
    const { streams, exitCode } = await lab.sync(["tags", "shortcuts"], { most: 1_010 });
    const tags = streams.find(({ stream }) => stream === "tags");
    expect(tags).toMatchObject({ status: "failed", error: { code: "shape" } });
    expect(tags?.error?.message).toContain("no end");
    expect(streams.find(({ stream }) => stream === "shortcuts")?.status).toBe("done");
    expect([exitCode, deleted(lab, "tags")]).toEqual([6, []]);
  }, 120_000);

  test("that is a further one of users: the plain one is read, and nobody is marked", async () => {
    const lab = setUp(USERS, 15);
    let count = 0;
    lab.api.quirks.instead = (_asked, url) => {
      if (!url.searchParams.has("deleted")) return undefined;
      const next = `${USERS}?deleted=true&page=${(count++ % 3) + 2}`;
      return Response.json({ data: [{ type: "user", id: "a", attributes: {} }], links: { next } });
    };
    const { streams, exitCode } = await lab.sync(["users"], { most: 20 });
    expect(streams[0]).toMatchObject({ status: "failed", error: { code: "shape" } });
    expect(exitCode).toBe(4);
    expect(lab.held("users").filter((row) => row.endsWith("live"))).toEqual(lab.truth(USERS));
  });
});
