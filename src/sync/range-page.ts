/**
 * Asks an open range for its first page, in ascending order, and says what the page proves. It remembers of
 * earlier pages what tells how far the API can be believed: how many rows it gives at most, whether it gives
 * what it is asked for, and whether in order.
 */
import type { Page } from "../kustomer/search.ts";
import { AppError } from "../lib/errors.ts";
import type { Resource } from "../lib/resource.ts";
import { formatTime, parseTime } from "../lib/time.ts";
import { type GivenRow, type PageProof, provePage } from "./page-proof.ts";
import type { Range } from "./ranges.ts";
import type { Api } from "./reader.ts";
import type { Source } from "./stream-state.ts";

/** So many pages in a row may hold only rows that are older than was asked for. */
const MOST_ASTRAY = 20;

export type RangeRequest = {
  readonly source: Source;
  readonly range: Range;
  readonly pageSize: number;
  /** Times from here on (ms) may be newer than the search index knew; see `provePage`. */
  readonly settledBefore: number;
};

export type RangePage = {
  readonly page: Page;
  /** As they came; one without a usable id has neither id nor time. */
  readonly rows: readonly GivenRow[];
  readonly proof: PageProof;
  /** How many rows a full page seems to hold. */
  readonly pageSize: number;
};

/** Makes the asker of one stream; it throws `api` when the search does not filter by `updatedAt`. */
export function createRangeAsker(context: string, api: Api): (request: RangeRequest) => Promise<RangePage> {
  let largest = 1;
  let astray = 0;
  const unsorted = new Set<Source>();

  /** Where the search gives rows that were not asked for, to ask for ever smaller ranges would not end. */
  function checkBounds({ from }: Range, rows: readonly GivenRow[]): void {
    const known = rows.filter(({ time }) => time !== null);
    // An edit after the search found it makes a row newer than what was asked for, and never older.
    const isAstray = known.length > 0 && known.every(({ time }) => time! < from);
    astray = isAstray ? astray + 1 : 0;
    if (astray <= MOST_ASTRAY) return;
    throw new AppError("api", `asked for rows from ${formatTime(from)} on, the search gives others`, {
      hint: "it does not seem to filter by updatedAt, without which this stream cannot be read",
    });
  }

  return async ({ source, range, pageSize: askedSize, settledBefore }) => {
    const { from, to } = range;
    const page = await api.search({
      context,
      archive: source === "archive",
      from,
      to: to === Number.POSITIVE_INFINITY ? null : to,
      page: 1,
      pageSize: askedSize,
    });
    const { rejected, total, timedOut } = page;
    const rows = [...page.rows.map(rowOf), ...Array<GivenRow>(rejected).fill(UNUSABLE)];
    checkBounds(range, rows);
    largest = Math.max(largest, rows.length);
    // Where nothing is counted, the largest page may be as large as the server allows, whatever it says.
    const isUnsure = total === null && page.next !== null;
    const pageSize = Math.min(page.pageSize, askedSize, isUnsure ? largest : askedSize);
    const proof = provePage(range, { rows, total, pageSize, timedOut, settledBefore });
    if (proof.kind === "unsorted") unsorted.add(source);
    // Where order was not kept once, what looks like order may be chance.
    const isChance = unsorted.has(source) && (proof.kind === "through" || proof.kind === "tie");
    return { page, rows, proof: isChance ? { kind: "unsorted" } : proof, pageSize };
  };
}

const UNUSABLE: GivenRow = { id: "", time: null };

function rowOf({ id, attributes }: Resource): GivenRow {
  return { id, time: typeof attributes.updatedAt === "string" ? parseTime(attributes.updatedAt) : null };
}
