/** Makes the client that a command asks Kustomer with, of its flags and the environment. */
import { type Client, createClient } from "../kustomer/client.ts";
import { resolveBaseUrl } from "../kustomer/host.ts";
import { readApiKey } from "../kustomer/key.ts";
import { createLimiter, type Limiter } from "../kustomer/limiter.ts";
import type { Log } from "../lib/log.ts";
import type { Values } from "./option-kinds.ts";
import type { Environment } from "./parse.ts";
import type { connectionOptions, limitOptions } from "./shared-options.ts";

export type Connection = {
  readonly client: Client;
  readonly limiter: Limiter;
  /** The window (ms) over which the account's limits count. */
  readonly windowMs: number;
};

/** Searches per minute that Kustomer lets an API key make (developer docs, "rate limits"). */
const SEARCHES_PER_WINDOW = 100;

/** Reads the key and names the host; throws `usage` when either is missing or unusable. Asks nobody yet. */
export async function connect(
  values: Values<typeof connectionOptions & Omit<typeof limitOptions, "concurrency">>,
  surroundings: { env: Environment; signal: AbortSignal; log: Log },
): Promise<Connection> {
  const baseUrl = resolveBaseUrl({ org: values.org, region: values.region, apiUrl: values.apiUrl });
  const apiKey = await readApiKey({ file: values.apiKeyFile, env: surroundings.env.KUSTOMER_API_KEY });
  const limiter = createLimiter({
    windowMs: values.rateWindow,
    searchPerWindow: values.searchRpm ?? SEARCHES_PER_WINDOW,
    orgPerWindow: values.rpm ?? null,
    share: values.rateShare,
  });
  const { signal, log } = surroundings;
  const { timeout: timeoutMs, maxBody: maxBodyBytes } = values;
  const hostOption = values.org
    ? "--org (KUSTOMER_ORG)"
    : values.region
      ? "--region (KUSTOMER_REGION)"
      : "--api-url (KUSTOMER_API_URL)";
  const client = createClient({
    ...{ baseUrl, apiKey, hostOption, timeoutMs, maxBodyBytes, limiter, signal, log },
  });
  return { client, limiter, windowMs: values.rateWindow };
}
