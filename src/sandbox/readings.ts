/**
 * Where sources on Kustomer contradict each other or say nothing: what the sandbox can be told to do instead of what
 * it does. A reading is a name for one side of such a question; several go together where they are of other questions.
 */
import { STREAMS } from "../streams/index.ts";
import type { Quirks } from "./quirks.ts";

export type Reading = { readonly means: string; readonly quirks: Quirks };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365.25 * DAY;
const CONTEXTS = STREAMS.flatMap(({ read }) => (read.by === "search" ? [read.context] : []));

export const READINGS = {
  "cap-10000": { means: "paging of a search ends at 10,000 rows", quirks: { maxRows: 10_000 } },
  "total-10000": { means: "a search counts to 10,000 and no further", quirks: { mostTotal: 10_000 } },
  "total-absent": { means: "a search does not say how many rows there are", quirks: { totalAbsent: true } },
  "total-phantom": { means: "a search counts nine rows that never come", quirks: { phantomRows: 9 } },
  "timed-out": { means: "every search says timed_out and brings half its rows", quirks: { timesOut: true } },
  "answers-empty": { means: "every search is answered 200 and no rows", quirks: { emptyAnswers: 200 } },
  "answers-206": { means: "every search is answered 206 and no rows", quirks: { emptyAnswers: 206 } },
  "sort-never": { means: "searches come in no order of time", quirks: { unsorted: CONTEXTS } },
  "sort-customers": {
    means: "only searches of customers come in order",
    quirks: { unsorted: CONTEXTS.filter((context) => context !== "customer") },
  },
  "index-lag": { means: "search finds a change after five seconds", quirks: { indexLagMs: 5_000 } },
  "index-stalled": {
    means: "search knows nothing that came since the start",
    quirks: { indexStalled: true },
  },
  "hits-edited": { means: "found rows are edited before they are fetched", quirks: { hitsEdited: 1 } },
  "context-ignored": {
    means: "a search of kobjects gives customers",
    quirks: { contextsGiven: { kobject: "customer" } },
  },
  "deleted-hidden": { means: "search does not find deleted rows", quirks: { hidesDeleted: true } },
  "delete-unmoved": { means: "deleting a row leaves its updatedAt", quirks: { deletesStand: true } },
  "border-overlap": { means: "search and archive share a day", quirks: { overlapMs: DAY / 2 } },
  "archive-403": { means: "the archive is not for this key", quirks: { archiveStatus: 403 } },
  "archive-404": { means: "there is no archive", quirks: { archiveStatus: 404 } },
  "archive-400": { means: "the archive takes no query", quirks: { archiveStatus: 400 } },
  "clock-20m-ahead": { means: "the Date header is 20 minutes ahead", quirks: { clockOffsetMs: 20 * MINUTE } },
  "clock-3h-ahead": { means: "the Date header is three hours ahead", quirks: { clockOffsetMs: 3 * HOUR } },
  "clock-75y-ahead": { means: "the Date header is 75 years ahead", quirks: { clockOffsetMs: 75 * YEAR } },
  "clock-20m-behind": {
    means: "the Date header is 20 minutes behind",
    quirks: { clockOffsetMs: -20 * MINUTE },
  },
  "clock-3h-behind": { means: "the Date header is three hours behind", quirks: { clockOffsetMs: -3 * HOUR } },
  "clock-75y-behind": { means: "the Date header is 75 years behind", quirks: { clockOffsetMs: -75 * YEAR } },
  "clock-absent": { means: "there is no Date header", quirks: { clockAbsent: true } },
  "reset-always": { means: "every answer tells when the window ends", quirks: { resetAlways: true } },
  "reset-ms": { means: "that is told in milliseconds since 1970", quirks: { reset: "ms" } },
  "reset-delta": { means: "that is told in seconds from now", quirks: { reset: "delta" } },
  "reset-never": { means: "that is never told", quirks: { reset: "never" } },
  "retry-after": { means: "a 429 has a retry-after", quirks: { retryAfter: true } },
  "role-401": { means: "a missing role is answered 401, as a wrong key is", quirks: { roleStatus: 401 } },
  "list-25": { means: "lists have 25 rows a page, whatever is asked for", quirks: { listMost: 25 } },
  "list-newest": { means: "lists begin with the newest row", quirks: { listsNewestFirst: true } },
  "list-endless": { means: "the last page of a list links to a next one", quirks: { listsEndless: true } },
  "list-unending": {
    means: "the list of tags goes on for ever with rows that are not there",
    quirks: { listUnending: "/v1/tags" },
  },
  "users-deleted-ignored": {
    means: "the list of deleted users is that of the active ones",
    quirks: { usersDeleted: "ignored" },
  },
  "users-deleted-refused": {
    means: "the list of deleted users is answered 400",
    quirks: { usersDeleted: "refused" },
  },
  "users-pending-ignored": {
    means: "the list of invited users is that of the active ones",
    quirks: { usersPending: "ignored" },
  },
  "users-pending-refused": {
    means: "the list of invited users is answered 400",
    quirks: { usersPending: "refused" },
  },
  "body-unending": { means: "the answer to a search of notes never ends", quirks: { bodyUnending: "note" } },
  "body-bomb": {
    means: "the answer to a search of notes unpacks to a gibibyte",
    quirks: { bodyBomb: "note" },
  },
  "row-nested": {
    means: "an attribute of one message is nested 50,000 deep",
    quirks: { rowNested: "messages" },
  },
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
