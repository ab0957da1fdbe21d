/** The options that several commands share, as data; a command spreads the groups it needs into its table. */
import { resolveBaseUrl } from "../kustomer/host.ts";
import { STREAMS } from "../streams/index.ts";
import type { OptionTable } from "./option-kinds.ts";
import type { Positional } from "./parse.ts";
import { KEY_IS_NO_ARGUMENT } from "./quote.ts";

/** Every command has these. */
export const outputOptions = {
  json: { kind: "boolean", summary: "print one JSON object on stdout" },
  quiet: { kind: "boolean", summary: "print nothing unless something is wrong" },
  verbose: { kind: "boolean", summary: "say more, on stderr" },
  noColor: { kind: "boolean", summary: "no colour, even on a terminal" },
} as const satisfies OptionTable;

export const databaseOptions = {
  db: {
    kind: "path",
    summary: "the SQLite file",
    placeholder: "path",
    env: "KUSTOMER_SYNC_DB",
    default: "./kustomer.db",
    example: "./kustomer.db",
  },
} as const satisfies OptionTable;

/** For a holder that lives, or seems to, and will not end by itself. */
export const takeOverOption = {
  takeOver: {
    kind: "boolean",
    summary: "take what another process holds; that one then writes nothing more",
  },
} as const satisfies OptionTable;

/** Where the API is and who asks. At most one of `org`, `region` and `apiUrl` has a value. */
export const connectionOptions = {
  apiKeyFile: {
    kind: "path",
    summary: "file that holds the API key, - for stdin; else KUSTOMER_API_KEY",
    placeholder: "path",
    example: "./kustomer.key",
    mistaken: {
      flags: ["api-key", "apikey", "key", "token", "api-token"],
      say: KEY_IS_NO_ARGUMENT,
    },
  },
  org: {
    kind: "string",
    summary: "the account: acme of acme.kustomerapp.com",
    placeholder: "name",
    env: "KUSTOMER_ORG",
    oneOf: "api",
    example: "acme",
    check: (org: string) => void resolveBaseUrl({ org }),
  },
  region: {
    kind: "enum",
    summary: "the region, where the account's name is not known",
    env: "KUSTOMER_REGION",
    oneOf: "api",
    choices: ["us", "eu", "in"],
  },
  apiUrl: {
    kind: "string",
    summary: "another address of the API, such as a sandbox",
    placeholder: "url",
    env: "KUSTOMER_API_URL",
    oneOf: "api",
    example: "http://127.0.0.1:8787",
    check: (apiUrl: string) => void resolveBaseUrl({ apiUrl }),
  },
  timeout: {
    kind: "duration",
    summary: "how long one request may take",
    default: "60s",
    min: 1,
  },
  maxBody: {
    kind: "size",
    summary: "how large one answer may be, unpacked",
    default: "64MB",
    min: 1_000,
    // Near the longest text that JavaScript can hold.
    max: 1_024 ** 3,
  },
} as const satisfies OptionTable;

/** How fast to ask. `rpm` and `searchRpm` stay undefined where the headers are to say it. */
export const limitOptions = {
  rpm: {
    kind: "integer",
    summary: "requests per window the account may make; else learned from the API",
    placeholder: "n",
    min: 1,
  },
  searchRpm: {
    kind: "integer",
    summary: "searches per window the key may make; else 100",
    placeholder: "n",
    min: 1,
  },
  rateWindow: { kind: "duration", summary: "the window those limits count over", default: "60s", min: 1 },
  rateShare: {
    kind: "number",
    summary: "share of the account's budget to use",
    placeholder: "0..1",
    default: "0.5",
    min: 0.01,
    max: 1,
  },
  concurrency: {
    kind: "integer",
    summary: "requests at the same time",
    placeholder: "n",
    default: "8",
    min: 1,
    max: 100,
  },
} as const satisfies OptionTable;

const STREAM_NAMES: readonly string[] = STREAMS.map(({ name }) => name);

/** One stream's name. */
export const streamArgument = {
  name: "stream",
  summary: `one of ${STREAM_NAMES.join(", ")}`,
  choices: STREAM_NAMES,
} as const satisfies Positional;

/** Any number of stream names; an empty list means all streams. */
export const streamArguments = {
  ...streamArgument,
  summary: `any of ${STREAM_NAMES.join(", ")}; all when none is named`,
  optional: true,
  variadic: true,
} as const satisfies Positional;

/** `--skip STREAM`, repeatable. */
export const skipOption = {
  skip: {
    kind: "list",
    summary: "leave a stream out",
    placeholder: "stream",
    of: "stream",
    choices: STREAM_NAMES,
    example: "notes",
  },
} as const satisfies OptionTable;

/** How far behind the present the search index may be. */
export const lookbackOption = {
  lookback: {
    kind: "duration",
    summary: "how far back to look again for rows that the search index showed late",
    default: "15m",
    min: 0,
  },
} as const satisfies OptionTable;

export const progressOption = {
  noProgress: { kind: "boolean", summary: "plain lines instead of live progress" },
} as const satisfies OptionTable;
