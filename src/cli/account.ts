/**
 * The account behind a connection: which it is, what time it is there, and its API as the engine asks it. To
 * meet it proves the key, before a file is touched.
 */
import type { Client } from "../kustomer/client.ts";
import { listPage } from "../kustomer/list.ts";
import { searchPage } from "../kustomer/search.ts";
import { classifyDenied, readToken } from "../kustomer/token.ts";
import type { AppError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { formatDuration } from "../lib/time.ts";
import type { Clocks } from "../sync/clocks.ts";
import type { Api } from "../sync/reader.ts";
import type { Connection } from "./connect.ts";
import type { Progress } from "./progress.ts";

export type Account = {
  readonly api: Api;
  /** Null when the API did not tell. */
  readonly orgId: string | null;
  /** When the account was met. */
  readonly clocks: Clocks;
  /** What a 401 or 403 means, as `runSync` wants to know it. */
  readonly denied: (error: AppError) => Promise<AppError>;
  /** What all of this has cost up to now. */
  readonly spent: () => { readonly requests: number; readonly waited_ms: number };
};

/** Clocks that differ by more than this are worth a word. */
const WORTH_TELLING_MS = 5 * 60_000;
const POLL_MS = 500;

/** Asks who the key is; throws `auth`, `network` or `api`. */
export async function meetAccount({ client }: Connection, log: Log): Promise<Account> {
  const before = client.stats();
  const token = await readToken(client);
  const clocks: Clocks = { server: token.serverTime, local: Date.now() };
  tellClocks(clocks, log);
  return {
    api: apiOf(client),
    orgId: token.orgId,
    clocks,
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

/** The API as the engine asks it. */
export function apiOf(client: Client): Api {
  return {
    search: (request) => searchPage(client, request),
    list: (request) => listPage(client, request),
  };
}

/** Neither clock is believed where they differ: what one of them may have got wrong is asked for again. */
function tellClocks({ server, local }: Clocks, log: Log): void {
  if (server === null) {
    log.info("the API sent no Date header: this machine's clock is the only one");
    return;
  }
  const apart = local - server;
  if (Math.abs(apart) <= WORTH_TELLING_MS) return;
  log.warn(
    `this machine's clock is ${formatDuration(Math.abs(apart))} ${apart > 0 ? "ahead of" : "behind"} the API's: ` +
      "the earlier of the two is used, and what lies between them is read again by later runs",
  );
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
