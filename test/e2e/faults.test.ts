/**
 * What the network and Kustomer can do to a sync, over real HTTP and against the real program: it reads everything
 * in spite of it, or says so and goes on later; and the key goes to nobody else.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { FAULT_KINDS, type FaultMix } from "../../src/sandbox/faults.ts";
import { STREAMS } from "../../src/streams/index.ts";
import { type Ended, held, run, type SyncReport, temporaryFolder } from "./program.ts";
import { type Asked, FAST, forward, refuse, relay, type Served, serve, startLocalSandbox } from "./relay.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
let next = 0;
const newDb = () => join(folder.path, `db-${++next}.db`);

/** The long version has more rows, and more accounts. */
const ACCOUNTS = Number(process.env.FAULT_ACCOUNTS ?? 1);
const FIRST = Number(process.env.FAULT_FIRST ?? 1);

function sync(db: string, { env }: { env: Record<string, string> }, ...more: string[]): Promise<Ended> {
  return run(["sync", "--json", "--db", db, ...FAST, ...more], { cwd: folder.path, env });
}

const reportOf = ({ stdout }: Ended) => JSON.parse(stdout) as SyncReport;
const statuses = (report: SyncReport) =>
  Object.fromEntries(report.streams.map(({ stream, status }) => [stream, status]));
const errorOf = (report: SyncReport, name: string) => {
  const found = report.streams.find(({ stream }) => stream === name)?.error;
  if (!found) throw new Error(`${name} has no error`);
  return found;
};

const MIXED = "some of each kind";

describe.concurrent("faults", () => {
  const mixes: Record<string, FaultMix> = {
    ...Object.fromEntries(FAULT_KINDS.map((kind) => [`two in five ${kind}`, { [kind]: 0.4 }])),
    [MIXED]: Object.fromEntries(FAULT_KINDS.map((kind) => [kind, ACCOUNTS === 1 ? 0.03 : 0.05])),
  };
  for (const [name, faults] of Object.entries(mixes)) {
    test(`${name}: a sync or a few end with everything`, async () => {
      for (let seed = FIRST; seed < FIRST + ACCOUNTS; seed += 1) {
        await using sandbox = await startLocalSandbox({ rows: 2_500 * ACCOUNTS, seed, faults, slowMs: 200 });
        const db = newDb();
        let last = await sync(db, sandbox, "--timeout", "5s");
        for (let more = 0; last.code !== 0 && more < 8; more += 1) {
          // A stream that could not be read is never called done, nor is the run.
          expect([4, 6]).toContain(last.code);
          last = await sync(db, sandbox, "--timeout", "5s");
        }
        expect([last.code, last.stderr]).toEqual([0, expect.any(String)]);
        expect(await sandbox.differences(db)).toEqual({});
        expect(Object.keys(sandbox.stats().faultsByKind).length).toBeGreaterThan(name === MIXED ? 4 : 0);
      }
    }, 240_000);
  }
});

describe.concurrent("a key", () => {
  for (const status of [400, 401, 403]) {
    test(`of another region, told with ${status}: 3, and which region it is for`, async () => {
      const words = "Auth token associated with pod prod2 but request is being handled by prod1";
      await using server = serve(() => refuse(status, "unauthorized", words));
      const db = newDb();
      const { code, stderr } = await sync(db, server);
      expect(code).toBe(3);
      expect(stderr).toContain(`Kustomer said: ${words}`);
      expect(stderr).toContain("--region eu");
      expect(await Bun.file(db).exists()).toBe(false);
    }, 180_000);
  }

  test("that expires half-way stops the run: 3; what was read stays, and a good key goes on from there", async () => {
    await using sandbox = await startLocalSandbox({ rows: 6_000 });
    let valid = 20;
    await using front = relay(sandbox.url, (_, nth) =>
      nth > valid ? refuse(401, "unauthorized", "Expired token") : null,
    );
    const db = newDb();
    const ended = await sync(db, front);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain("Kustomer said: Expired token");
    expect(ended.stderr).toContain("make a new API key");
    const report = reportOf(ended);
    expect(report.status).toBe("failed");
    expect(Object.values(statuses(report))).toContain("partial");
    // Eight were under way, and each may ask once more whether it is the key or a role.
    expect(front.asked.length).toBeLessThanOrEqual(valid + 8 + 8);
    const kept = report.streams.filter(({ stream, read }) => read > 0 && held(db, stream).length > 0);
    expect(kept.length).toBeGreaterThan(2);

    valid = Number.POSITIVE_INFINITY;
    const again = await sync(db, front);
    expect(again.code).toBe(0);
    expect(await sandbox.differences(db)).toEqual({});
    expect(sandbox.stats().duplicates).toBeLessThanOrEqual(8);
  }, 180_000);

  test("goes to nobody but the API, whatever redirects and links say", async () => {
    await using thief = serve(() => Response.json({ data: [] }));
    const host = new URL(thief.url).host;
    for (const status of [301, 302, 303, 307, 308]) {
      await using front = serve(
        () => new Response(null, { status, headers: { location: `${thief.url}/v1/x` } }),
      );
      const { code, stderr } = await sync(newDb(), front);
      expect([code, stderr]).toEqual([
        4,
        expect.stringContaining(`a redirect to ${host}, which is not followed`),
      ]);
    }

    await using sandbox = await startLocalSandbox({ rows: 600 });
    const elsewhere: Record<string, string> = {
      "/v1/users": `${thief.url}/v1/users?page=2`,
      "/v1/teams": `//${host}/v1/teams?page=2`,
      "/v1/tags": `/\\${host}/v1/tags?page=2`,
      "/v1/shortcuts": sandbox.url.replace("//", `//sandbox-key@`),
    };
    await using front = relay(sandbox.url, async (asked) => {
      const [path = ""] = asked.path.split("?");
      if (asked.method === "POST") {
        return new Response(null, { status: 307, headers: { location: thief.url + asked.path } });
      }
      const answer = await forward(sandbox.url, asked);
      if (path.startsWith("/v1/auth/")) return answer;
      const page = (await answer.json()) as object;
      const next = elsewhere[path] ?? `${thief.url}${path}?page=2`;
      return Response.json({ ...page, links: { next } }, { headers: answer.headers });
    });
    const ended = await sync(newDb(), front);
    expect(ended.code).toBe(4);
    const report = reportOf(ended);
    expect(statuses(report)).toEqual(
      Object.fromEntries(report.streams.map(({ stream }) => [stream, "failed"])),
    );
    for (const name of ["users", "teams", "tags", "shortcuts"]) {
      expect(errorOf(report, name).message).toContain("its link to the next page leads to");
    }
    expect(errorOf(report, "messages").message).toContain(`a redirect to ${host}`);
    expect(thief.asked).toEqual([]);
    expect(ended.stderr + ended.stdout).not.toContain("sandbox-key");
  }, 120_000);
});

/** Not beside twenty others, who on a busy machine answer nothing in time. */
const alone = test.serial;

describe.concurrent("an answer", () => {
  const contextOf = ({ method, body }: Asked) =>
    method === "POST" ? (JSON.parse(body) as { queryContext: string }).queryContext : null;

  alone(
    "that never comes, or drips, fails its stream in the end; the others are done: 6",
    async () => {
      await using sandbox = await startLocalSandbox({ rows: 600 });
      let well = false;
      await using front = relay(sandbox.url, (asked) => {
        if (well) return null;
        if (contextOf(asked) === "note") return new Promise<Response>(() => {});
        return contextOf(asked) === "kobject" ? drip() : null;
      });
      const db = newDb();
      const ended = await sync(db, front, "--timeout", "4s");
      expect(ended.code).toBe(6);
      const report = reportOf(ended);
      expect(statuses(report)).toMatchObject({
        notes: "failed",
        kobjects: "failed",
        messages: "done",
        tags: "done",
      });
      for (const [name, context] of [
        ["notes", "note"],
        ["kobjects", "kobject"],
      ] as const) {
        const { code, message, hint } = errorOf(report, name);
        expect([code, message, hint]).toEqual([
          "network",
          expect.stringMatching(/no whole answer from 127\.0\.0\.1:\d+ within 4s \(asked 6 times\)/),
          expect.stringContaining("--timeout"),
        ]);
        expect(front.asked.filter((asked) => contextOf(asked) === context).length).toBeLessThanOrEqual(12);
      }
      well = true;
      expect((await sync(db, front, "--timeout", "5s")).code).toBe(0);
      expect(await sandbox.differences(db)).toEqual({});
    },
    180_000,
  );

  test("that never comes at all: 4, and no file", async () => {
    await using server = serve(() => new Promise<Response>(() => {}));
    const db = newDb();
    const { code, stderr } = await sync(db, server, "--timeout", "1s");
    expect([code, stderr]).toEqual([4, expect.stringContaining("no whole answer from")]);
    expect(await Bun.file(db).exists()).toBe(false);
  }, 120_000);

  test("from a host that is not there: 4, and which host it was", async () => {
    const env = { KUSTOMER_API_KEY: "sandbox-key", KUSTOMER_API_URL: "https://-acme.invalid" };
    const { code, stderr } = await sync(newDb(), { env });
    expect(code).toBe(4);
    expect(stderr).toContain("the host -acme.invalid is unknown");
    expect(stderr).toContain("--api-url (KUSTOMER_API_URL)");
    expect(stderr).not.toContain("asked");
  }, 120_000);
});

describe.concurrent("a 429", () => {
  const forms: readonly ((now: number) => Record<string, string>)[] = [
    () => ({ "retry-after": "1" }),
    (now) => ({ "retry-after": new Date(now + 1_000).toUTCString() }),
    (now) => ({ "x-ratelimit-reset": String(Math.floor(now / 1_000)) }),
    (now) => ({ "x-ratelimit-reset": String(now + 300) }),
    (now) => ({ "x-ratelimit-reset": String(Math.floor(now / 1_000) - 3_600) }),
    () => ({ "x-ratelimit-reset": "1" }),
    () => ({ "x-ratelimit-reset": "0" }),
    () => ({ "x-ratelimit-reset": "soon" }),
    () => ({ "retry-after": "-5", "x-ratelimit-reset": "-5" }),
    () => ({ "x-ratelimit-remaining": "0" }),
    () => ({}),
  ];

  test("in whatever form is waited out, and is no failure", async () => {
    await using sandbox = await startLocalSandbox({ rows: 3_000 });
    let given = 0;
    await using front = relay(sandbox.url, (_, nth) => {
      const form = nth % 2 === 0 ? forms[given] : undefined;
      if (form === undefined) return null;
      given += 1;
      const headers = form(Date.now());
      return given % 2 === 0
        ? refuse(429, "too_many_requests", "Too Many Requests", headers)
        : new Response("<html>slow down</html>", { status: 429, headers });
    });
    const db = newDb();
    const { code, stderr, stdout } = await sync(db, front);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    expect(given).toBe(forms.length);
    expect(await sandbox.differences(db)).toEqual({});
    expect(Object.values(statuses(reportOf({ code, stderr, stdout })))).toEqual(STREAMS.map(() => "done"));
  }, 120_000);

  test("without end fails its stream after a bounded number of refusals; the others are done: 6", async () => {
    await using sandbox = await startLocalSandbox({ rows: 300 });
    await using front = relay(sandbox.url, ({ method }) =>
      method === "POST"
        ? refuse(429, "too_many_requests", "Too Many Requests", { "retry-after": "0" })
        : null,
    );
    const recent = new Date(Date.now() - 100 * 86_400_000).toISOString();
    const ended = await sync(newDb(), front, "kobjects", "tags", "--start-date", recent);
    expect(ended.code).toBe(6);
    const report = reportOf(ended);
    expect(statuses(report)).toEqual({ kobjects: "failed", tags: "done" });
    const { code, message, hint } = errorOf(report, "kobjects");
    expect([code, message]).toEqual(["rate-limit", expect.stringContaining("was refused 30 times in a row")]);
    expect(hint).toContain("--rate-share");
    expect(refusalsOf(front)).toBe(30);
  }, 120_000);
});

const refusalsOf = ({ asked }: Served) => asked.filter(({ method }) => method === "POST").length;

/** A good beginning, and then a space every tenth of a second: valid JSON that never ends. */
function drip(): Response {
  const body = new ReadableStream({
    async pull(controller) {
      controller.enqueue(new TextEncoder().encode(" "));
      await Bun.sleep(100);
    },
  });
  return new Response(body, { headers: { "content-type": "application/json" } });
}
