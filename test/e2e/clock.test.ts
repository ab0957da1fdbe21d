/** The clock of the machine a sync runs on decides nothing: an hour wrong, either way, it loses no row. */
import { afterAll, describe, expect, test } from "bun:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Ended, run, type SyncReport, temporaryFolder } from "./program.ts";
import { FAST, forward, type LocalSandbox, startLocalSandbox } from "./relay.ts";

const HOUR_MS = 3_600_000;
const folder = temporaryFolder();
afterAll(folder.remove);
let next = 0;
const newDb = () => join(folder.path, `db-${++next}.db`);

type Report = SyncReport & { started_at: string };

/** Runs a sync on a machine whose clock is wrong by so many ms. */
async function sync(
  db: string,
  env: Record<string, string>,
  wrongBy: number,
): Promise<Ended & { report: Report }> {
  const wrong = {
    BUN_OPTIONS: `--preload=${join(import.meta.dir, "wrong-clock.ts")}`,
    WRONG_CLOCK_MS: String(wrongBy),
  };
  const ended = await run(["sync", "--json", "--db", db, ...FAST], {
    cwd: folder.path,
    env: { ...env, ...wrong },
  });
  if (ended.code !== 0) throw new Error(`sync ended ${ended.code}: ${ended.stderr}`);
  return { ...ended, report: JSON.parse(ended.stdout) as Report };
}

/** Exports what was written since an instant (ms), and counts it. */
async function exportSince(db: string, since: number): Promise<{ rows: number }> {
  const args = [
    "export",
    "--json",
    "--db",
    db,
    "--out",
    `${db}-since`,
    "--since",
    new Date(since).toISOString(),
  ];
  const { stdout } = await run(args, { cwd: folder.path });
  const { streams } = JSON.parse(stdout) as { streams: { rows: number }[] };
  return { rows: streams.reduce((sum, { rows }) => sum + rows, 0) };
}

/** How far a run's own idea of when it began is from the truth, in ms. */
const startedOff = ({ report }: { report: Report }) => Date.parse(report.started_at) - Date.now();

describe.concurrent("a clock that is wrong", () => {
  const laptops: Record<string, readonly number[]> = {
    "an hour ahead": [HOUR_MS, HOUR_MS, HOUR_MS],
    "an hour behind": [-HOUR_MS, -HOUR_MS, -HOUR_MS],
    "ahead, then behind, then right": [HOUR_MS, -HOUR_MS, 0],
    "behind, then ahead, then right": [-HOUR_MS, HOUR_MS, 0],
    "years ahead, then years behind": [4 * 8_766 * HOUR_MS, -4 * 8_766 * HOUR_MS, 0],
  };
  for (const [name, [first = 0, second = 0, third = 0]] of Object.entries(laptops)) {
    test(`${name}: loses nothing`, async () => {
      await using sandbox = await startLocalSandbox({ rows: 1_500 });
      const db = newDb();
      const begun = await sync(db, sandbox.env, first);
      expect(Math.abs(startedOff(begun) - first)).toBeLessThan(HOUR_MS / 2);
      expect(await sandbox.differences(db)).toEqual({});
      sandbox.change(150);
      await sync(db, sandbox.env, second);
      expect(await sandbox.differences(db)).toEqual({});
      sandbox.change(150);
      const right = Date.now();
      const last = await sync(db, sandbox.env, third);
      expect(await sandbox.differences(db)).toEqual({});
      // Who asks for what was written since then gets it.
      const since = await exportSince(db, right);
      expect(since.rows).toBeGreaterThanOrEqual(
        last.report.streams.reduce((sum, { written }) => sum + written, 0),
      );
      // Nor does it read everything again to be sure.
      expect(last.report.streams.reduce((sum, { read }) => sum + read, 0)).toBeLessThan(1_200);
    }, 60_000);
  }

  test("waits for a refusal's end by the server's clock", async () => {
    // The server is the one that is ahead here, and says when to come back by its own clock.
    const now = () => Date.now() + HOUR_MS;
    await using sandbox = await startLocalSandbox({ rows: 600, now, faults: { "429": 0.3 } });
    const db = newDb();
    await sync(db, sandbox.env, 0);
    expect(sandbox.stats().faults).toBeGreaterThan(2);
    expect(await sandbox.differences(db)).toEqual({});
  }, 60_000);
});

describe.concurrent("a server without a Date", () => {
  for (const wrongBy of [HOUR_MS, -HOUR_MS, 0]) {
    test(`loses nothing on a machine that is ${wrongBy / HOUR_MS} hours ahead, and is told`, async () => {
      await using sandbox = await startLocalSandbox({ rows: 1_500 });
      await using dateless = await serveDateless(sandbox);
      const db = newDb();
      const env = { ...sandbox.env, KUSTOMER_API_URL: dateless.url };
      const { stderr } = await sync(db, env, wrongBy);
      expect(stderr).toContain("sent no Date header");
      expect(await sandbox.differences(db)).toEqual({});
      for (let turn = 0; turn < 2; turn += 1) {
        sandbox.change(150);
        await sync(db, env, wrongBy);
        expect(await sandbox.differences(db)).toEqual({});
      }
    }, 60_000);
  }
});

/** Hands requests on and takes the Date from the answers; `Bun.serve` would add one of its own. */
async function serveDateless({ url }: LocalSandbox): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const { method = "GET", url: path = "/" } = request;
      const headers = new Headers({ authorization: request.headers.authorization ?? "" });
      const answer = await forward(url, { method, path, headers, body: Buffer.concat(chunks).toString() });
      response.sendDate = false;
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(await answer.text());
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
