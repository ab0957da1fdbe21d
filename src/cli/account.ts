/**
 * The account behind a connection: which it is, what time it is there, and its API as the engine asks it. To
 * meet it proves the key, before a file is touched.
 */
import { listPage } from "../kustomer/list.ts";
import { searchPage } from "../kustomer/search.ts";
import { classifyDenied, readToken } from "../kustomer/token.ts";
import type { AppError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Api } from "../sync/reader.ts";
import type { Connection } from "./connect.ts";
import type { Progress } from "./progress.ts";

export type Account = {
  readonly api: Api;
  /** Null when the API did not tell. */
  readonly orgId: string | null;
  /** The server's clock when the account was met, ms. */
  readonly now: number;
  /** Asks the server's clock anew, ms. */
  readonly clock: () => Promise<number>;
  /** What a 401 or 403 means, as `runSync` wants to know it. */
  readonly denied: (error: AppError) => Promise<AppError>;
  /** What all of this has cost up to now. */
  readonly spent: () => { readonly requests: number; readonly waited_ms: number };
};

/** A server without a clock is given this machine's, put back by more than any clock is wrong. */
const UNKNOWN_CLOCK_MS = 25 * 3_600_000;
const POLL_MS = 500;

/** Asks who the key is; throws `auth`, `network` or `api`. `clockless` says what a server without a clock means. */
export async function meetAccount({ client }: Connection, log: Log, clockless: string): Promise<Account> {
  const before = client.stats();
  const timeOf = (serverTime: number | null) => serverTime ?? Date.now() - UNKNOWN_CLOCK_MS;
  const token = await readToken(client);
  if (token.serverTime === null) log.warn(`the API sent no Date header: ${clockless}`);
  return {
    api: {
      search: (request) => searchPage(client, request),
      list: (request) => listPage(client, request),
    },
    orgId: token.orgId,
    now: timeOf(token.serverTime),
    clock: async () => timeOf((await readToken(client)).serverTime),
    denied: (error) => classifyDenied(client, error),
    spent: () => {
      const after = client.stats();
      return {
        requests: after.requests - before.requests,
        waited_ms: Math.round(after.waitedMs - before.waitedMs),
      };
    },
  };
}

/** Shows what the limiter does until the function it returns is called. */
export function showLimiter({ limiter, windowMs }: Connection, progress: Progress): () => void {
  const poll = setInterval(() => {
    const { searchUsed, search, waitMs } = limiter.stats();
    progress.searches(searchUsed, search, windowMs);
    progress.waiting(waitMs === null ? null : Date.now() + waitMs);
  }, POLL_MS);
  return () => clearInterval(poll);
}
