/**
 * A simulated Kustomer API on loopback: seeded data, the documented grammar and limits, faults on request. It
 * shares no code with the client, so that both agree because both follow the documentation.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { AppError } from "../lib/errors.ts";
import { wait } from "../lib/wait.ts";
import { createBudgets } from "./budgets.ts";
import { type ChangeSummary, createChanges } from "./changes.ts";
import { answerControl } from "./control.ts";
import { makeWorld } from "./dataset.ts";
import { deliver } from "./delivery.ts";
import { createFaults, type FaultKind, type FaultMix } from "./faults.ts";
import { createHandler, readBody, shownClock } from "./handler.ts";
import { createPlaying } from "./playing.ts";
import { createPurge } from "./purge.ts";
import type { Quirks } from "./quirks.ts";
import { quirksOf, type ReadingName } from "./readings.ts";
import { type Truth, truthOf } from "./render.ts";
import { createTally, readStats, type Stats } from "./stats.ts";
import { holdsStream, type World } from "./world.ts";

export type RequestEntry = {
  method: string;
  /** With its query. */
  path: string;
  /** 0 when the connection was closed unanswered. */
  status: number;
  fault: FaultKind | null;
  ms: number;
};

export type SandboxOptions = {
  /** Rows over all streams; 0 for an empty account. Default 5000. */
  rows?: number;
  seed?: number;
  /** How many users were invited and have not come yet, besides the `rows`. Default 2. */
  invited?: number;
  /** 0 for any free one. */
  port?: number;
  /** Requests per window of the organisation, default 1000. */
  rpm?: number;
  /** Searches per window, default 100. */
  searchRpm?: number;
  /** Default 60,000. */
  rateWindowMs?: number;
  /** How long each answer takes at least. */
  latencyMs?: number;
  faults?: FaultMix;
  /** How long a `slow` answer takes, ms, default 500. */
  slowMs?: number;
  /** Changes per second. */
  churn?: number;
  /** Changes that happen before each request is answered. */
  churnPerRequest?: number;
  /** Streams (or `search`) that the key may not read. */
  withoutRole?: string[];
  apiKey?: string;
  quirks?: Quirks;
  /** The server's clock, ms; default that of the machine. */
  now?: () => number;
  logRequests?: (entry: RequestEntry) => void;
};

export type Sandbox = {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly apiKey: string;
  readonly stats: () => Stats;
  /** Makes so many changes across the streams now; each may touch other rows too. */
  readonly change: (count: number) => ChangeSummary;
  /** Changes something in each kind of setting now, which no other change does; returns their streams. */
  readonly changeSettings: () => string[];
  /** Removes so many live rows of a stream for good, as if they had never been, and returns their ids. */
  readonly purge: (stream: string, count: number) => string[];
  /** Plays these quirks, or readings, and no others from the next request on. */
  readonly play: (as: readonly ReadingName[] | Quirks) => void;
  /** Stops the index of the standard search: it knows nothing of what happens from now on, until `resumeIndex`. */
  readonly stallIndex: () => void;
  /** Lets the index catch up at once. */
  readonly resumeIndex: () => void;
  /** The versions of all rows of a stream, deleted ones included. */
  readonly truth: (stream: string) => Iterable<Truth>;
  readonly stop: () => Promise<void>;
};

const TICK_MS = 50;

/** Starts a sandbox; throws `usage` when the port is taken. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const {
    rows = 5_000,
    seed = 1,
    invited = 2,
    port = 0,
    rpm = 1_000,
    searchRpm = 100,
    rateWindowMs = 60_000,
  } = options;
  const { latencyMs = 0, slowMs = 500, churnPerRequest = 0, apiKey = "sandbox-key", quirks = {} } = options;
  const clock = options.now ?? Date.now;
  const world = makeWorld({ rows, seed, invited, now: clock() });
  const deal = createChanges(world);
  const change = (count: number): ChangeSummary => deal(count, clock());
  const purge = createPurge(world);
  const playing = createPlaying(world, clock, quirks);
  const play = (as: readonly ReadingName[] | Quirks): void => playing.play(isNames(as) ? quirksOf(as) : as);
  const stallIndex = (): void => playing.play({ ...playing.quirks(), indexStalled: true });
  const resumeIndex = (): void => playing.play({ ...playing.quirks(), indexStalled: false });
  const budgets = createBudgets({ rpm, searchRpm, windowMs: rateWindowMs }, clock());
  const tally = createTally();
  const stats = (): Stats => readStats(tally, budgets.windows);
  const stopping = new AbortController();
  const churning = createChurn(change);
  churning.set(options.churn ?? 0);

  const answer = createHandler({
    routes: {
      world,
      playing,
      withoutRole: options.withoutRole ?? [],
      apiKey,
    },
    budgets,
    faults: createFaults(options.faults ?? {}, seed),
    tally,
    clock,
    before: async () => {
      if (churnPerRequest > 0) change(churnPerRequest);
      await wait(latencyMs, stopping.signal);
    },
  });
  const changeSettings = (): string[] => world.settings.change(clock());
  const control = {
    world,
    stats,
    change,
    changeSettings,
    purge,
    churn: churning.set,
    play,
    stallIndex,
    resumeIndex,
  };
  const server = createServer((request, response) => {
    void (async () => {
      const begun = performance.now();
      const method = request.method ?? "GET";
      const url = new URL(request.url ?? "/", "http://127.0.0.1");
      if (url.pathname.startsWith("/_sandbox/")) {
        await readBody(request);
        return answerControl(control, request, url, response);
      }
      const reply = await answer(method, url, request);
      const date = shownClock(playing.quirks(), clock());
      await deliver(response, reply.answer, reply.delivery, { date, slowMs });
      const status = reply.delivery === "hangup" ? 0 : reply.answer.status;
      const path = url.pathname + url.search;
      options.logRequests?.({ method, path, status, fault: reply.fault, ms: performance.now() - begun });
    })().catch((error: Error) => {
      // A client that hung up is no concern of ours; anything else must be seen, by whoever asked.
      if (!response.headersSent) response.writeHead(500, { "content-type": "text/plain" });
      response.end(`sandbox: ${error.stack ?? error.message}`);
    });
  });
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  await listen(server, port);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey,
    stats,
    change,
    changeSettings,
    purge: (stream, count) => purge(known(world, stream), count),
    play,
    stallIndex,
    resumeIndex,
    truth: (stream) => truthOf(world, known(world, stream)),
    stop: () => {
      churning.set(0);
      stopping.abort(new Error("the sandbox was stopped"));
      return new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function isNames(as: readonly ReadingName[] | Quirks): as is readonly ReadingName[] {
  return Array.isArray(as);
}

function known(world: World, stream: string): string {
  if (!holdsStream(world, stream)) throw new RangeError(`no stream ${stream}`);
  return stream;
}

/** Makes changes as time passes; the rate is per second, and 0 stops them. */
function createChurn(change: (count: number) => unknown): { set: (rate: number) => void } {
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    set: (rate) => {
      clearInterval(timer);
      if (rate <= 0) return;
      let owed = 0;
      timer = setInterval(() => {
        owed += (rate * TICK_MS) / 1000;
        const count = Math.floor(owed);
        owed -= count;
        if (count > 0) change(count);
      }, TICK_MS);
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => {
      const hint = "give another one with --port; 0 takes any free one";
      reject(new AppError("usage", `port ${port} cannot be listened on (${cause.message})`, { hint, cause }));
    };
    server.once("error", fail);
    try {
      server.listen(port, "127.0.0.1", resolve);
    } catch (error) {
      // Bun throws here what Node.js sends as an event.
      fail(error as Error);
    }
  });
}
