/**
 * Asks Kustomer, and asks again where that can help. Every request takes its turn at the limiter, every
 * failure comes out as an `AppError` in our own words, and the key is in none of them, whatever was echoed.
 */
import { AppError } from "../lib/errors.ts";
import { parseJson } from "../lib/json.ts";
import type { Log } from "../lib/log.ts";
import { formatDuration } from "../lib/time.ts";
import { VERSION } from "../lib/version.ts";
import { wait } from "../lib/wait.ts";
import { addressOf, type Query } from "./address.ts";
import { MAX_BODY_BYTES } from "./body.ts";
import { readSaid } from "./error-words.ts";
import { exchange, type RawAnswer } from "./exchange.ts";
import {
  answerError,
  bodyError,
  interruptedError,
  isUnknownHost,
  NAMES_THE_HOST,
  networkError,
  refusedError,
  revise,
  timeoutError,
  tooLargeError,
  unknownHostError,
} from "./failures.ts";
import { isLoopback } from "./host.ts";
import { checkKey } from "./key.ts";
import type { AnswerInfo, Budget, Limiter } from "./limiter.ts";
import { readRateHeaders, readServerTime } from "./rate-headers.ts";
import { attemptsOf, backoffMs, MAX_REFUSALS, type Outcome, verdictOf } from "./retry.ts";

export type ClientOptions = {
  /** As `resolveBaseUrl` returns it: without trailing slash. */
  baseUrl: string;
  apiKey: string;
  /** The flag that named the host, for messages. */
  hostOption?: string | undefined;
  /** For one request, its body included; default 60,000. */
  timeoutMs?: number | undefined;
  /** Of one answer's body, unpacked; default 64,000,000. */
  maxBodyBytes?: number | undefined;
  limiter: Limiter;
  /** Aborting it interrupts every request. */
  signal?: AbortSignal | undefined;
  log?: Log | undefined;
  /** In [0, 1); for the jitter between attempts. */
  random?: (() => number) | undefined;
};

export type Request<T> = {
  method: "GET" | "POST";
  /** Begins with `/`; may hold a query of its own. */
  path: string;
  query?: Query;
  /** Sent as JSON. */
  body?: unknown;
  budget: Budget;
  /** Reads the parsed body; an `AppError` of code `shape` thrown here makes the client ask again. */
  parse: (body: unknown) => T;
};

export type Answer<T> = {
  readonly value: T;
  /** The server's clock (ms) from its Date header; null without one. */
  readonly serverTime: number | null;
  /** How many requests it took. */
  readonly requests: number;
};

export type ClientStats = {
  readonly requests: number;
  /** Answers with status 429. */
  readonly refused: number;
  /** Time (ms) during which requests waited for the limiter; see `LimiterStats`. */
  readonly waitedMs: number;
  /** Failed requests that were asked again, refusals not counted. */
  readonly retried: number;
};

export type Client = {
  readonly baseUrl: string;
  request<T>(request: Request<T>): Promise<Answer<T>>;
  stats(): ClientStats;
};

type Sent = { readonly answer: RawAnswer; readonly retryAfterMs: number | null };
type Attempt<T> =
  | { readonly ok: true; readonly value: T; readonly serverTime: number | null }
  | {
      readonly ok: false;
      readonly outcome: Outcome;
      readonly error: AppError;
      readonly retryAfterMs: number | null;
    };

/** Makes a client; throws `usage` when the key cannot be sent. */
export function createClient(options: ClientOptions): Client {
  const { baseUrl, apiKey, limiter, signal, log, timeoutMs = 60_000, random = Math.random } = options;
  const { maxBodyBytes = MAX_BODY_BYTES, hostOption = NAMES_THE_HOST } = options;
  /** Once a host has answered, a name that is not found is a connection that is down. */
  let hasAnswered = false;
  checkKey(apiKey);
  const base = new URL(baseUrl);
  if (isLoopback(base)) keepOffProxies(base);
  const mask = keyMask(apiKey);
  const headers = {
    accept: "application/json",
    authorization: `Bearer ${apiKey}`,
    "user-agent": `kustomer-sync/${VERSION}`,
  };
  const counts = { requests: 0, refused: 0, retried: 0 };

  async function send(request: Request<unknown>, url: URL): Promise<Sent> {
    const permit = await limiter.acquire(request.budget, signal);
    let info: AnswerInfo | null = null;
    counts.requests += 1;
    try {
      const answer = await exchange({
        url,
        method: request.method,
        headers: request.body === undefined ? headers : { ...headers, "content-type": "application/json" },
        body: request.body,
        timeoutMs,
        maxBodyBytes,
        signal,
      });
      if ("status" in answer) {
        hasAnswered = true;
        info = { status: answer.status, ...readRateHeaders(answer.headers, Date.now()) };
      }
      return { answer, retryAfterMs: info?.retryAfterMs ?? null };
    } finally {
      permit.done(info);
    }
  }

  function interpret<T>(request: Request<T>, asked: string, { answer, retryAfterMs }: Sent): Attempt<T> {
    const failed = (outcome: Outcome, error: AppError): Attempt<T> => {
      const said = error.said === undefined ? undefined : mask(error.said);
      return {
        ok: false,
        outcome,
        error: revise(error, { message: mask(error.message), said }),
        retryAfterMs,
      };
    };
    if (answer.kind === "timeout") return failed("timeout", timeoutError(asked, base.host, timeoutMs));
    if (answer.kind === "network" && !hasAnswered && isUnknownHost(answer.cause)) {
      return failed("unknown-host", unknownHostError(asked, base.hostname, hostOption, answer.cause));
    }
    if (answer.kind === "network") return failed("network", networkError(asked, base.host, answer.cause));
    const { status } = answer;
    const text = answer.kind === "answer" ? answer.text : "";
    log?.debug(`${asked} answered ${status}`);
    // Masked before it is shortened, or half a key could be left at the end.
    const words = () => readSaid(mask(text));
    if (verdictOf(status) !== "done") {
      return failed(status, answerError(asked, status, words(), answer.headers.get("location")));
    }
    if (answer.kind === "too-large") return failed("too-large", tooLargeError(asked, status, maxBodyBytes));
    if (answer.kind === "garbled") {
      const what = `its body is not ${answer.encoding}, as it says, or cannot be unpacked`;
      return failed("body", bodyError(asked, status, what, undefined));
    }
    let body: unknown;
    try {
      body = parseJson(text);
    } catch {
      const what = text.trim() === "" ? "with an empty body" : "its body is not JSON";
      return failed("body", bodyError(asked, status, what, words()));
    }
    try {
      return { ok: true, value: request.parse(body), serverTime: readServerTime(answer.headers) };
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "shape") throw error;
      return failed("shape", bodyError(asked, status, error.message, error.said && words()));
    }
  }

  async function persist<T>(request: Request<T>): Promise<Answer<T>> {
    const url = addressOf(baseUrl, request.path, request.query);
    const asked = `${request.method} ${request.path.replace(/\?.*$/s, "")}`;
    let failures = 0;
    let refusals = 0;
    for (let requests = 1; ; requests += 1) {
      const result = interpret(request, asked, await send(request, url));
      if (result.ok) return { value: result.value, serverTime: result.serverTime, requests };
      const verdict = verdictOf(result.outcome);
      if (verdict === "refused") {
        counts.refused += 1;
        refusals += 1;
        if (refusals >= MAX_REFUSALS) throw refusedError(asked, refusals, result.error.said);
        continue;
      }
      if (verdict === "fail") throw result.error;
      refusals = 0;
      failures += 1;
      const most = attemptsOf(result.outcome);
      if (failures >= most) {
        throw revise(result.error, { message: `${result.error.message} (asked ${failures} times)` });
      }
      counts.retried += 1;
      const pause = backoffMs(failures, random(), result.retryAfterMs);
      log?.info(
        `${result.error.message}; asking again in ${formatDuration(pause)} (attempt ${failures + 1} of ${most})`,
      );
      await wait(pause, signal);
    }
  }

  return {
    baseUrl,
    async request(request) {
      try {
        return await persist(request);
      } catch (error) {
        throw signal?.aborted ? interruptedError(signal.reason) : error;
      }
    },
    stats() {
      return { ...counts, waitedMs: limiter.stats().waitedMs };
    },
  };
}

/** Replaces the key, also as it looks inside a URL or a JSON string. */
function keyMask(apiKey: string): (text: string) => string {
  const spellings = new Set([apiKey, encodeURIComponent(apiKey), JSON.stringify(apiKey).slice(1, -1)]);
  return (text) => [...spellings].reduce((masked, spelling) => masked.replaceAll(spelling, "***"), text);
}

/** HTTP_PROXY holds for loopback too in Bun's fetch, and would carry the key to another machine. */
function keepOffProxies({ hostname }: URL): void {
  for (const name of ["no_proxy", "NO_PROXY"]) {
    const hosts = process.env[name]?.split(",").map((host) => host.trim()) ?? [];
    if (!hosts.includes(hostname)) process.env[name] = [...hosts.filter(Boolean), hostname].join(",");
  }
}
