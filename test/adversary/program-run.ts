/** Runs the real program against the server once, with its clock, its bounds and, where asked, its sudden end. */
import { watchPeak } from "../../scripts/peak-memory.ts";
import { type Ended, ended, type SyncReport, start } from "../e2e/program.ts";
import { KINDS, type Kind } from "./kinds.ts";
import { type AdversaryServer, KEY } from "./server.ts";
import { MINUTE } from "./world-clock.ts";

/** What ended a run that the program itself did not. */
export type Stopped = "endless" | "hung" | "killed";

export type Run = Ended & {
  readonly report: SyncReport | null;
  readonly requests: number;
  readonly lies: number;
  readonly ms: number;
  /** The most memory that it had, in MB; 0 where the system does not tell. */
  readonly peak: number;
  /** The world's time at its end. */
  readonly at: number;
  readonly stopped: Stopped | null;
};

export type RunOptions = {
  readonly db: string;
  readonly folder: string;
  readonly streams: readonly Kind[];
  readonly lookback: string;
  readonly concurrency: number;
  readonly machine?: readonly number[] | undefined;
  readonly timeout?: string | undefined;
  /** kill -9 at this request. */
  readonly killAt?: number | undefined;
  readonly onRequest?: ((nth: number) => void) | undefined;
};

/** So long a sync may ask nothing, in real time, and not end; the world's is fifty times that. */
const PATIENCE_MS = 120_000;

/** The least number of requests for a full read, twenty times, and some for what a lie costs. */
export function mostRequests(server: AdversaryServer): number {
  const pages = KINDS.map((kind) => {
    const pageSize = kind.context === null ? kind.maxPageSize : 500;
    return Math.max(1, Math.ceil(server.account.rows(kind).length / pageSize)) + (kind.archived ? 1 : 0);
  });
  return 20 * pages.reduce((sum, count) => sum + count, 0) + 3_000;
}

export async function runSync(server: AdversaryServer, options: RunOptions): Promise<Run> {
  const { db, lookback, concurrency, killAt } = options;
  const args = [
    ...["sync", "--json", "--db", db, "--lookback", lookback, "--concurrency", String(concurrency)],
    ...[
      "--rpm",
      "1000000",
      "--search-rpm",
      "1000000",
      "--rate-share",
      "1",
      "--timeout",
      options.timeout ?? "30m",
    ],
    ...options.streams.map(({ name }) => name),
  ];
  const begun = performance.now();
  let stopped: Stopped | null = null;
  server.clock.run();
  const child = start(args, { cwd: options.folder, env: environment(server, options.machine) });
  const memory = watchPeak(child.pid);
  const end = (why: Stopped) => {
    stopped ??= why;
    child.kill("SIGKILL");
  };
  const most = mostRequests(server);
  let patience = setTimeout(() => end("hung"), PATIENCE_MS);
  server.onRequest = (nth) => {
    clearTimeout(patience);
    patience = setTimeout(() => end("hung"), PATIENCE_MS);
    if (nth === killAt) end("killed");
    if (nth > most) end("endless");
    options.onRequest?.(nth);
  };
  const done = await ended(child);
  clearTimeout(patience);
  server.onRequest = () => {};
  const at = server.clock.now();
  server.clock.stop(5 * MINUTE);
  const ms = performance.now() - begun;
  return {
    ...done,
    report: readReport(done.stdout),
    requests: server.requests,
    lies: server.lies,
    ms,
    peak: (memory.stop() ?? 0) / 1_048_576,
    stopped,
    at,
  };
}

export type Status = {
  streams: { stream: string; rows: number; deleted: number; synced_to: string | null; complete: boolean }[];
};

/** What `status --json` says; null where it fails. */
export async function askStatus(server: AdversaryServer, db: string, cwd: string): Promise<Status | null> {
  server.clock.run();
  const env = environment(server, undefined);
  const { code, stdout } = await ended(start(["status", "--json", "--db", db], { cwd, env }));
  server.clock.stop(MINUTE);
  return code === 0 ? (JSON.parse(stdout) as Status) : null;
}

/** Whether `verify --repair` ends well. */
export async function repair(
  server: AdversaryServer,
  db: string,
  cwd: string,
  streams: readonly Kind[],
): Promise<boolean> {
  server.clock.run();
  const names = streams.map(({ name }) => name);
  const budget = ["--rpm", "1000000", "--search-rpm", "1000000", "--rate-share", "1"];
  const args = ["verify", "--repair", "--json", "--db", db, ...budget, ...names];
  const { code } = await ended(start(args, { cwd, env: environment(server, undefined) }));
  server.clock.stop();
  return code === 0;
}

function environment(
  server: AdversaryServer,
  machine: readonly number[] | undefined,
): Record<string, string> {
  return { KUSTOMER_API_KEY: KEY, KUSTOMER_API_URL: server.url, ...server.clock.environment(machine) };
}

function readReport(stdout: string): SyncReport | null {
  try {
    const report = JSON.parse(stdout) as SyncReport;
    return Array.isArray(report.streams) ? report : null;
  } catch {
    return null;
  }
}
