/** Streams that are read whole: what counts as gone, and lists that never end. */
import { afterEach, describe, expect, test } from "bun:test";
import { createLab, type Lab } from "./harness.ts";
import { type Quirks, rowsAt } from "./stand-in.ts";

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
      expect([exitCode, lab.held("tags").length > 0]).toEqual([6, true]);
    });
  }
});
