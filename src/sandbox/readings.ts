/**
 * Where sources on Kustomer contradict each other or say nothing: what the sandbox can be told to do instead of what
 * it does. A reading is a name for one side of such a question; several go together where they are of other questions.
 */
import { STREAMS } from "../streams/index.ts";

export type Quirks = {
  /** Contexts whose `sort` is accepted and not honoured. */
  unsorted?: string[];
  /** The most rows that paging reaches; default: 100 pages. */
  maxRows?: number;
  /** The most that `meta.total` of a search says. */
  mostTotal?: number;
  /** How long a change takes to be found by search, ms. */
  indexLagMs?: number;
  /** Rows that are deleted are not found, whatever a search asks. */
  hidesDeleted?: boolean;
  /** How far search and archive both reach beyond the two-year border, ms. */
  overlapMs?: number;
  /** The status of every answer of the archive. */
  archiveStatus?: 200 | 400 | 403 | 404;
  /** Deleting a row leaves its `updatedAt` as it is. */
  deletesStand?: boolean;
  /** How the end of the window is told; default: in seconds since 1970. */
  reset?: ResetForm;
  /** Sends `x-ratelimit-reset` with every answer. */
  resetAlways?: boolean;
  /** Sends `retry-after` with a 429. */
  retryAfter?: boolean;
  /** The status of an answer to a key without the role; default 403. */
  roleStatus?: 401 | 403;
  /** The most rows on a page of a list, whatever is asked for. */
  listMost?: number;
  /** Lists begin with the newest row where no order is asked for. */
  listsNewestFirst?: boolean;
  /** The last page of a list links to a next one, and so does that, which is empty. */
  listsEndless?: boolean;
};

/** Since 1970 in seconds or milliseconds, seconds from now, or not at all. */
export type ResetForm = "seconds" | "ms" | "delta" | "never";

export type Reading = { readonly means: string; readonly quirks: Quirks };

const DAY = 86_400_000;
const CONTEXTS = STREAMS.flatMap(({ read }) => (read.by === "search" ? [read.context] : []));

export const READINGS = {
  "cap-10000": { means: "paging of a search ends at 10,000 rows", quirks: { maxRows: 10_000 } },
  "total-10000": { means: "a search counts to 10,000 and no further", quirks: { mostTotal: 10_000 } },
  "sort-never": { means: "searches come in no order of time", quirks: { unsorted: CONTEXTS } },
  "sort-customers": {
    means: "only searches of customers come in order",
    quirks: { unsorted: CONTEXTS.filter((context) => context !== "customer") },
  },
  "index-lag": { means: "search finds a change after five seconds", quirks: { indexLagMs: 5_000 } },
  "deleted-hidden": { means: "search does not find deleted rows", quirks: { hidesDeleted: true } },
  "delete-unmoved": { means: "deleting a row leaves its updatedAt", quirks: { deletesStand: true } },
  "border-overlap": { means: "search and archive share a day", quirks: { overlapMs: DAY / 2 } },
  "archive-403": { means: "the archive is not for this key", quirks: { archiveStatus: 403 } },
  "archive-404": { means: "there is no archive", quirks: { archiveStatus: 404 } },
  "archive-400": { means: "the archive takes no query", quirks: { archiveStatus: 400 } },
  "reset-always": { means: "every answer tells when the window ends", quirks: { resetAlways: true } },
  "reset-ms": { means: "that is told in milliseconds since 1970", quirks: { reset: "ms" } },
  "reset-delta": { means: "that is told in seconds from now", quirks: { reset: "delta" } },
  "reset-never": { means: "that is never told", quirks: { reset: "never" } },
  "retry-after": { means: "a 429 has a retry-after", quirks: { retryAfter: true } },
  "role-401": { means: "a missing role is answered 401, as a wrong key is", quirks: { roleStatus: 401 } },
  "list-25": { means: "lists have 25 rows a page, whatever is asked for", quirks: { listMost: 25 } },
  "list-newest": { means: "lists begin with the newest row", quirks: { listsNewestFirst: true } },
  "list-endless": { means: "the last page of a list links to a next one", quirks: { listsEndless: true } },
} as const satisfies Readonly<Record<string, Reading>>;

export type ReadingName = keyof typeof READINGS;

export const READING_NAMES = Object.keys(READINGS) as ReadingName[];

export function isReading(text: string): text is ReadingName {
  return Object.hasOwn(READINGS, text);
}

/** What readings ask for together; of two that contradict each other, the later one holds. */
export function quirksOf(names: readonly ReadingName[]): Quirks {
  return Object.assign({}, ...names.map((name) => READINGS[name].quirks)) as Quirks;
}
