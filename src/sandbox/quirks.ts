/**
 * What the sandbox can be told to do instead of what it does: each quirk is one oddity, or one lie, with its
 * measure. All of them are optional, go together, and may be changed while the server runs.
 */

/** Since 1970 in seconds or milliseconds, seconds from now, or not at all. */
export type ResetForm = "seconds" | "ms" | "delta" | "never";

export type Quirks = {
  /** Contexts whose `sort` is accepted and not honoured. */
  unsorted?: string[];
  /** The most rows that paging reaches; default: 100 pages. */
  maxRows?: number;
  /** The most that `meta.total` of a search says. */
  mostTotal?: number;
  /** How many rows `meta.total` of a search counts that never come. */
  phantomRows?: number;
  /** A search does not say how many rows or pages there are. */
  totalAbsent?: boolean;
  /** Every search that has rows says that it timed out, and brings half of them. */
  timesOut?: boolean;
  /** Every search is answered with this status and a body of no rows, which says nothing else. */
  emptyAnswers?: 200 | 206;
  /** By context, the one whose rows a search gives instead; `kobject` stands for `kobject_order` and the like too. */
  contextsGiven?: Record<string, string>;
  /** How long a change takes to be found by search, ms. */
  indexLagMs?: number;
  /** The index of the standard search stands still from the instant at which this is switched on. */
  indexStalled?: boolean;
  /** The share, 0 to 1, of a page's rows after the first that somebody edits between finding and fetching them. */
  hitsEdited?: number;
  /** How often each row is edited in this way; default once. */
  hitsEditedTimes?: number;
  /** Rows that are deleted are not found, whatever a search asks. */
  hidesDeleted?: boolean;
  /** How far search and archive both reach beyond the two-year border, ms. */
  overlapMs?: number;
  /** The status of every answer of the archive. */
  archiveStatus?: 200 | 400 | 403 | 404;
  /** Deleting a row leaves its `updatedAt` as it is. */
  deletesStand?: boolean;
  /** How far the `Date` header is ahead of the server's clock, ms; behind it where negative. */
  clockOffsetMs?: number;
  /** No answer has a `Date` header. */
  clockAbsent?: boolean;
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
  /** The path of a list that never ends, and goes on with rows that are in no account. */
  listUnending?: string;
  /** What `?deleted=true` does to the list of users; default: it is honoured. */
  usersDeleted?: "ignored" | "refused";
  /** What `?pending=true` does to the list of users; default: it is honoured. */
  usersPending?: "ignored" | "refused";
  /** The path of a list, or the context of searches, whose answers never end. */
  bodyUnending?: string;
  /** The path of a list, or the context of searches, whose answers are small and unpack to very much. */
  bodyBomb?: string;
  /** How much that is, in bytes; default 1 GiB. */
  bombBytes?: number;
  /** The stream of which one row has an attribute that is nested very deep. */
  rowNested?: string;
  /** How deep; default 50,000. */
  nestedDepth?: number;
};
