/** A full read: everything again, and then what does not exist any more is marked deleted, and nothing else. */
import { afterEach, describe, expect, test } from "bun:test";
import { AppError } from "../../src/lib/errors.ts";
import { createLab, type Lab } from "./harness.ts";
import { hash, type Quirks, recently, rowsAt } from "./stand-in.ts";

const DAY = 86_400_000;
const labs: Lab[] = [];
afterEach(() => {
  for (const lab of labs.splice(0)) lab.end();
});

function setUp(quirks: Quirks = {}): Lab {
  const lab = createLab({ maxPageSize: 10, ...quirks });
  labs.push(lab);
  const old = Array.from({ length: 40 }, (_, i) => Date.now() - 900 * DAY + i * 3_600_000);
  lab.api.rows.set("message", rowsAt("message", [...recently(120), ...old]));
  return lab;
}

/** Removes rows for good: every n-th, of both ages. */
function purge({ api }: Lab, nth: number): string[] {
  const rows = api.rows.get("message")!;
  api.rows.set(
    "message",
    rows.filter((_, i) => i % nth !== 0),
  );
  return rows.filter((_, i) => i % nth === 0).map(({ id }) => id);
}

const deleted = (lab: Lab) =>
  lab
    .held("messages")
    .filter((row) => row.endsWith("deleted"))
    .map((row) => row.split(" ")[0]);
const seen = (lab: Lab) => lab.query("SELECT count(*) AS n FROM _sync_seen")[0]!.n;
const state = (lab: Lab) =>
  JSON.parse(String(lab.query("SELECT state FROM _sync_state")[0]!.state)) as { full: unknown };

describe("what was purged", () => {
  test("is marked deleted at the end of a full read, and only then; the row keeps its data", async () => {
    const lab = setUp();
    await lab.sync(["messages"]);
    const before = lab.held("messages");
    const gone = purge(lab, 9);
    expect((await lab.sync(["messages"])).streams[0]?.deleted).toBe(0);
    const { streams, exitCode } = await lab.sync(["messages"], { full: true });
    expect([streams[0]?.deleted, exitCode]).toEqual([gone.length, 0]);
    expect(deleted(lab)).toEqual(gone.toSorted());
    expect(lab.held("messages").map((row) => row.replace(" deleted", " live"))).toEqual(before);
    expect([seen(lab), state(lab).full]).toEqual([0, null]);
  });

  test("is found though rows that moved meanwhile were not seen at first", async () => {
    const lab = setUp();
    await lab.sync(["messages"]);
    const gone = new Set(purge(lab, 9));
    lab.api.quirks.beforeSearch = (count) => {
      const rows = lab.api.rows.get("message")!;
      const row = rows[Number.parseInt(hash(String(count)).slice(0, 8), 16) % rows.length]!;
      Object.assign(row, { updatedAt: new Date().toISOString(), rev: row.rev + 1 });
    };
    const outcome = await lab.sync(["messages"], { full: true, most: 200 });
    // Whatever is marked is gone; if rows never stopped moving, it is marked by the next run.
    expect(deleted(lab).every((id) => gone.has(id!))).toBe(true);
    delete lab.api.quirks.beforeSearch;
    if (outcome.exitCode !== 0) await lab.sync(["messages"]);
    expect(deleted(lab)).toEqual([...gone].toSorted());
    await lab.sync(["messages"]);
    expect(lab.held("messages").filter((row) => row.endsWith("live"))).toEqual(lab.truth("message"));
  });

  test("is all that is marked, wherever the full read was interrupted", async () => {
    let stops = 0;
    for (let status = "interrupted"; status === "interrupted"; stops += 3) {
      const lab = setUp();
      await lab.sync(["messages"]);
      const gone = purge(lab, 9);
      const first = await lab.sync(["messages"], { full: true, commits: stops });
      ({ status } = first);
      if (status === "interrupted") {
        expect(deleted(lab)).toEqual([]);
        // It goes on also when it is not asked for again; only before its very first commit it had not begun.
        const second = await lab.sync(["messages"], { full: stops === 0 || stops % 2 === 0 });
        expect(second.exitCode).toBe(0);
      }
      expect(deleted(lab)).toEqual(gone.toSorted());
      lab.end();
      labs.splice(labs.indexOf(lab), 1);
    }
    expect(stops).toBeGreaterThan(18);
  });

  test("among rows older than the start date is left alone", async () => {
    const lab = setUp();
    await lab.sync(["messages"]);
    const gone = new Set(purge(lab, 9));
    await lab.sync(["messages"], { full: true, start: Date.now() - 100 * DAY });
    expect(deleted(lab).length).toBeGreaterThan(0);
    for (const id of deleted(lab)) {
      expect([gone.has(id!), Number(id!.split("-")[1]) < 120]).toEqual([true, true]);
    }
  });
});

describe("a row that one reading missed", () => {
  /** The index is ill for a time: asked for more than an instant or some days, it leaves out every fifth row. */
  function fallIll({ api }: Lab): void {
    const sound = api.rows.get("message")!;
    const ill = sound.filter((_, i) => i % 5 !== 0);
    api.quirks.beforeSearch = (_count, { to }) => void api.rows.set("message", to === null ? ill : sound);
  }

  test("is asked for again, by itself, before it is called gone", async () => {
    const lab = setUp();
    await lab.sync(["messages"]);
    fallIll(lab);
    const { streams, exitCode } = await lab.sync(["messages"], { full: true, concurrency: 1 });
    expect([exitCode, streams[0]?.deleted, deleted(lab)]).toEqual([0, 0, []]);
    expect(state(lab).full).toBeNull();
  });

  test("is left as it is while no answer about it is whole; the full read goes on at the next run", async () => {
    const lab = setUp();
    await lab.sync(["messages"]);
    const gone = purge(lab, 9);
    const timedOut = { meta: { page: 1, pageSize: 10, total: 0, timed_out: true }, data: [], links: {} };
    lab.api.quirks.instead = ({ to }) => (to === null ? undefined : Response.json(timedOut));
    const { streams, exitCode } = await lab.sync(["messages"], { full: true, concurrency: 1 });
    expect([exitCode, streams[0]?.status, streams[0]?.error?.code]).toEqual([6, "partial", "incomplete"]);
    expect(streams[0]?.error?.message).toContain(`${gone.length} rows did not come again`);
    expect(deleted(lab)).toEqual([]);
    delete lab.api.quirks.instead;
    expect((await lab.sync(["messages"])).exitCode).toBe(0);
    expect(deleted(lab)).toEqual(gone.toSorted());
  });

  test("is left as it is while so many others change that what changed cannot be read whole", async () => {
    const lab = setUp();
    await lab.sync(["messages"]);
    const gone = purge(lab, 9);
    let ahead = 70_000;
    lab.api.quirks.beforeSearch = (_count, { to, archive }) => {
      if (to !== null || archive) return;
      for (const row of lab.api.rows.get("message")!.slice(0, 25)) {
        ahead += 10;
        Object.assign(row, { updatedAt: new Date(Date.now() + ahead).toISOString(), rev: row.rev + 1 });
      }
    };
    const { streams, exitCode } = await lab.sync(["messages"], { full: true, concurrency: 1, most: 400 });
    expect([exitCode, streams[0]?.status, streams[0]?.error?.code]).toEqual([6, "partial", "incomplete"]);
    expect(streams[0]?.error?.message).toContain("kept changing");
    expect(deleted(lab)).toEqual([]);
    delete lab.api.quirks.beforeSearch;
    expect((await lab.sync(["messages"])).exitCode).toBe(0);
    expect(deleted(lab)).toEqual(gone.toSorted());
  });

  test("of old notes, which no search has: the list is read again", async () => {
    const lab = setUp();
    const old = Array.from({ length: 60 }, (_, i) => Date.now() - 1_000 * DAY + i * 3_600_000);
    const notes = rowsAt("note", old);
    for (const path of ["note", "/v1/notes"])
      lab.api.rows.set(path, [...notes, ...rowsAt("young", recently(20))]);
    await lab.sync(["notes"]);
    const sound = lab.api.rows.get("/v1/notes")!.filter((_, i) => i !== 7);
    let lists = 0;
    lab.api.quirks.beforeList = () => {
      // Its first reading lacks some that are there; one is gone for good.
      lists += 1;
      lab.api.rows.set("/v1/notes", lists < 9 ? sound.filter((_, i) => i % 5 !== 0) : sound);
    };
    const { streams, exitCode } = await lab.sync(["notes"], { full: true, concurrency: 1 });
    expect([exitCode, streams[0]?.error, lists > 9]).toEqual([0, null, true]);
    const marked = lab.held("notes").filter((row) => row.endsWith("deleted"));
    expect(marked).toEqual([expect.stringContaining(notes[7]!.id)]);
  });
});

describe("a full read of several streams that was interrupted", () => {
  const names = ["messages", "notes", "customers"];

  async function interrupt(lab: Lab): Promise<Record<string, number>> {
    for (const context of ["note", "customer"]) lab.api.rows.set(context, rowsAt(context, recently(60)));
    lab.api.rows.set("/v1/notes", lab.api.rows.get("note")!);
    await lab.sync(names);
    // One at a time: customers are read to their end, messages only begun, notes not asked for.
    const onCommit = ({ stream, rows }: { stream: { name: string }; rows: readonly unknown[] }) => {
      if (stream.name === "messages" && rows.length > 0)
        throw new AppError("interrupted", "stopped by the test");
    };
    const { status } = await lab.sync(names, { full: true, concurrency: 1, onCommit });
    expect(status).toBe("interrupted");
    return Object.fromEntries(names.map((name) => [name, begun(lab, name)]));
  }
  const begun = (lab: Lab, name: string) => {
    const { full, fullReadAt } = JSON.parse(
      String(lab.query(`SELECT state FROM _sync_state WHERE stream = '${name}'`)[0]!.state),
    ) as { full: { startedAt: string } | null; fullReadAt: string | null };
    return full === null ? (fullReadAt === null ? 0 : 1) : 2;
  };

  test("goes on with those that had not begun, too, whether it is asked for again or not", async () => {
    for (const full of [true, false]) {
      const lab = setUp();
      expect(await interrupt(lab)).toEqual({ customers: 1, messages: 2, notes: 2 });
      const { streams } = await lab.sync(names, { full, resumes: true });
      expect(streams.map(({ status }) => status)).toEqual(["done", "done", "done"]);
      const read = Object.fromEntries(streams.map((each) => [each.stream, each.read]));
      // Nothing but the row at the horizon, which every run asks for again.
      expect(read.customers).toBeLessThanOrEqual(1);
      expect(read.messages).toBeGreaterThanOrEqual(160);
      expect(read.notes).toBeGreaterThanOrEqual(60);
      expect(names.map((name) => begun(lab, name))).toEqual([1, 1, 1]);
    }
  });

  test("is all begun anew when a run came to its end meanwhile", async () => {
    const lab = setUp();
    await interrupt(lab);
    const { streams } = await lab.sync(names, { full: true, resumes: false });
    expect(streams.find(({ stream }) => stream === "customers")?.read).toBeGreaterThanOrEqual(60);
  });
});

describe("marked are none", () => {
  test("when over a third would be: said, 6, and the next full read begins anew", async () => {
    const lab = setUp();
    await lab.sync(["messages"]);
    const gone = purge(lab, 2);
    const { streams, exitCode } = await lab.sync(["messages"], { full: true });
    expect(streams[0]).toMatchObject({ status: "partial", error: { code: "sweep-refused" }, deleted: 0 });
    expect([exitCode, deleted(lab), state(lab).full]).toEqual([6, [], null]);
    expect((await lab.sync(["messages"])).exitCode).toBe(0);
    expect((await lab.sync(["messages"], { full: true, force: true })).exitCode).toBe(0);
    expect(deleted(lab)).toEqual(gone.toSorted());
  });

  test("when the archive is refused: what it may hold cannot be called gone", async () => {
    const lab = setUp();
    await lab.sync(["messages"]);
    const gone = purge(lab, 9);
    lab.api.quirks.archiveStatus = 403;
    expect((await lab.sync(["messages"], { full: true })).exitCode).toBe(6);
    expect(deleted(lab)).toEqual([]);
    delete lab.api.quirks.archiveStatus;
    expect((await lab.sync(["messages"])).exitCode).toBe(0);
    expect(deleted(lab)).toEqual(gone.toSorted());
  });

  test("when rows could not be read", async () => {
    const lab = setUp({ capRows: 10 });
    const at = Date.now() - 5 * DAY;
    const tie = rowsAt("tie", Array<number>(15).fill(at));
    for (const row of tie) row.createdAt = new Date(at).toISOString();
    lab.api.rows.get("message")!.push(...tie);
    await lab.sync(["messages"]);
    purge(lab, 9);
    const { streams } = await lab.sync(["messages"], { full: true, most: 200 });
    expect([streams[0]?.status, deleted(lab)]).toEqual(["failed", []]);
  });

  test("by a first sync, of which a full read is no more than that", async () => {
    const lab = setUp();
    const { streams } = await lab.sync(["messages"], { full: true });
    expect(streams[0]).toMatchObject({ status: "done", written: 160, deleted: 0 });
    expect(lab.held("messages")).toEqual(lab.truth("message"));
  });
});

test("all is read again, and rows stay readable meanwhile", async () => {
  const lab = setUp();
  const first = await lab.sync(["messages"]);
  let fewest = Number.POSITIVE_INFINITY;
  const full = await lab.sync(["messages"], {
    full: true,
    onCommit: () => {
      fewest = Math.min(fewest, lab.held("messages").length);
    },
  });
  expect([full.streams[0]?.read, full.streams[0]?.written]).toEqual([first.streams[0]!.read, 0]);
  expect(fewest).toBe(160);
});
