/**
 * `bun run bench`: how fast a first sync is, what it costs, and how that compares with what no reader can
 * avoid, parsing the same pages. The sandbox runs in a process of its own, without limits; figures that
 * depend on the machine are given as ratios too. Then the exports of so many conversations, in each format.
 *
 *   bun run bench --rows 200000 --conversations 200000
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { ListRead } from "../src/streams/define.ts";
import { STREAMS } from "../src/streams/index.ts";
import { benchExports } from "./bench-export.ts";
import { watchPeak } from "./peak-memory.ts";

const { values } = parseArgs({
  options: {
    /** Rows of accounts to sync, with commas between them. */
    rows: { type: "string", default: "200000" },
    /** Conversations to export; 0 for none. */
    conversations: { type: "string", default: "200000" },
  },
});
const folder = mkdtempSync(join(tmpdir(), "kustomer-sync-bench-"));
const program = join(import.meta.dir, "../dist/kustomer-sync");
const key = "sandbox-key";
/** Of all rows of a sandbox, these are conversations. */
const CONVERSATIONS = 0.182;

/** Requests of a first sync that bring no rows, however many there are: the key, and how far each index has come. */
const FIXED = 1 + STREAMS.filter(({ read }) => read.by === "search").length;

type Pages = { rows: number; parsed: number; bytes: number; parseMs: number; fewest: number };
type Figures = { rows: number; seconds: number; cpuSeconds: number; peakMb: number; requests: number };

try {
  for (const rows of values.rows.split(",").filter(Number)) await bench(Number(rows));
  if (Number(values.conversations) > 0) await benchExport(Number(values.conversations));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** A sandbox in a process of its own, with so many rows and no limits. */
async function startSandbox(rows: number) {
  const limits = ["--rpm", "100000000", "--search-rpm", "100000000"];
  const server = Bun.spawn([program, "sandbox", "--port", "0", "--json", "--rows", String(rows), ...limits], {
    stdout: "pipe",
    stderr: "ignore",
  });
  const first = await server.stdout.getReader().read();
  const { url } = JSON.parse(new TextDecoder().decode(first.value)) as { url: string };
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      server.kill();
      await server.exited;
    },
  };
}

async function benchExport(conversations: number): Promise<void> {
  const db = join(folder, "export.db");
  {
    await using sandbox = await startSandbox(Math.ceil(conversations / CONVERSATIONS));
    await measureSync(sandbox.url, db, "conversations");
  }
  report([
    ["conversations to export", conversations.toLocaleString("en-US")],
    ...(await benchExports(program, db, folder)),
  ]);
}

async function bench(rows: number): Promise<void> {
  await using sandbox = await startSandbox(rows);
  const { url } = sandbox;
  const pages = await readPages(url);
  const full = await measureSync(url, join(folder, `${rows}.db`));
  const again = await measureSync(url, join(folder, `${rows}.db`));
  const uncounted = await measureSync(url, join(folder, `${rows}-uncounted.db`), "--no-audit");
  const over = (requests: number) => ((requests / pages.fewest - 1) * 100).toFixed(1);
  const perSecond = full.rows / full.seconds;
  const parsed = pages.parsed / (pages.parseMs / 1_000);
  report([
    ["rows of the account", pages.rows.toLocaleString("en-US")],
    ["bytes of JSON a row", (pages.bytes / pages.parsed).toFixed(0)],
    ["first sync", `${full.seconds.toFixed(1)} s, ${Math.round(perSecond).toLocaleString("en-US")} rows/s`],
    ["processor time of it", `${full.cpuSeconds.toFixed(1)} s`],
    ["bare JSON.parse of the same rows", `${Math.round(parsed).toLocaleString("en-US")} rows/s`],
    ["sync to JSON.parse", (perSecond / parsed).toFixed(2)],
    ["peak memory", `${full.peakMb.toFixed(0)} MB`],
    [
      "requests",
      `${full.requests}; ${uncounted.requests} without the audit, ${over(uncounted.requests)}% over the least possible`,
    ],
    [
      "requests that bring rows",
      `${uncounted.requests - FIXED}, ${over(uncounted.requests - FIXED)}% over the least possible`,
    ],
    ["a second sync", `${again.requests} requests, ${again.seconds.toFixed(2)} s`],
  ]);
}

/** Runs a sync in a process of its own. */
async function measureSync(url: string, db: string, ...named: string[]): Promise<Figures> {
  const limits = ["--rate-share", "1", "--search-rpm", "100000000"];
  const begun = performance.now();
  const process = Bun.spawn([program, "sync", ...named, "--json", "--quiet", "--db", db, ...limits], {
    env: { KUSTOMER_API_KEY: key, KUSTOMER_API_URL: url },
    stdout: "pipe",
    stderr: "inherit",
  });
  const watch = watchPeak(process.pid);
  const stdout = await new Response(process.stdout).text();
  if ((await process.exited) !== 0) throw new Error(`sync ended ${process.exitCode}`);
  const seconds = (performance.now() - begun) / 1_000;
  const usage = process.resourceUsage()!;
  const { requests, streams } = JSON.parse(stdout) as {
    requests: number;
    streams: { read: number; written: number }[];
  };
  return {
    rows: streams.reduce((sum, { written }) => sum + written, 0),
    seconds,
    cpuSeconds: Number(usage.cpuTime.total) / 1e6,
    peakMb: (watch.stop() ?? usage.maxRSS) / 1e6,
    requests,
  };
}

type Row = { id: string; updatedAt: string };

async function truthOf(url: string, stream: string): Promise<Row[]> {
  const text = await (await fetch(`${url}/_sandbox/truth?stream=${stream}`)).text();
  return text.split("\n").flatMap((line) => (line === "" ? [] : (JSON.parse(line) as Row)));
}

/** The fewest requests that bring a list of so many rows: its pages, of each part one at least, and its documents. */
async function fewestOf(url: string, read: ListRead, rows: number): Promise<number> {
  const parts = read.parts?.length ?? 1;
  const { documents } = read;
  if (documents !== undefined) {
    const leading = STREAMS.find(
      (other) => other.read.by === "list" && other.read.path === read.path && other.read !== read,
    );
    const led = leading === undefined ? 0 : (await truthOf(url, leading.name)).length;
    return parts + (documents.paths?.length ?? 0) + led;
  }
  const pages = read.pageSize === null ? 1 : Math.ceil(rows / read.pageSize);
  return Math.max(parts, pages) + (read.variants?.length ?? 0);
}

/** Asks for every row once, in full pages, and times nothing but the parsing of what came. */
async function readPages(url: string): Promise<Pages> {
  const pages: Pages = { rows: 0, parsed: 0, bytes: 0, parseMs: 0, fewest: 1 };
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const parse = (text: string) => {
    const begun = performance.now();
    const body = JSON.parse(text) as {
      data: { attributes: { updatedAt: string } }[];
      links: { next: string | null };
    };
    pages.parseMs += performance.now() - begun;
    pages.bytes += text.length;
    pages.parsed += body.data.length;
    return body;
  };
  const border = new Date();
  border.setUTCFullYear(border.getUTCFullYear() - 2);
  for (const { name, read } of STREAMS) {
    const truth = await truthOf(url, name);
    pages.rows += truth.length;
    if (read.by === "list") {
      pages.fewest += await fewestOf(url, read, truth.length);
      continue;
    }
    const old = truth.filter(({ updatedAt }) => updatedAt < border.toISOString()).length;
    const young = Math.ceil((truth.length - old) / 500);
    // A list is in the order of creation: what changed last before the border is on the pages of what was made before.
    const made = truth.filter(
      ({ id }) => Number.parseInt(id.slice(0, 8), 16) * 1_000 < border.getTime(),
    ).length;
    pages.fewest += young + (read.old === "archive" ? Math.ceil(old / 500) : Math.ceil(made / 100));
    // The pages that search serves by number stand for all of the stream.
    const most = Math.min(100, young);
    for (let page = 1; page <= most; page += 1) {
      const answer = await fetch(`${url}/v1/customers/search?pageSize=500&page=${page}`, {
        method: "POST",
        headers,
        body: JSON.stringify({
          queryContext: read.context,
          includeDeleted: true,
          sort: [{ [`${read.context}_updated_at`]: "asc" }],
        }),
      });
      parse(await answer.text());
    }
  }
  return pages;
}

function report(lines: [string, string][]): void {
  const { model } = cpus()[0] ?? { model: "unknown" };
  console.log(`\non ${cpus().length} x ${model}, Bun ${Bun.version}`);
  for (const [name, value] of lines) console.log(`  ${name.padEnd(34)} ${value}`);
}
