/**
 * Asks an open range for its first page, in ascending order, and says what the page proves. It remembers of
 * earlier pages what tells how far the API can be believed: how many rows it gives at most, whether it gives
 * what it is asked for, and whether in order.
 */
import type { Page } from "../kustomer/search.ts";
import { firstKeptOut } from "../kustomer/shapes.ts";
import { AppError } from "../lib/errors.ts";
import type { Resource } from "../lib/resource.ts";
import { formatTime, parseTime } from "../lib/time.ts";
import { type GivenRow, type PageProof, provePage } from "./page-proof.ts";
import type { Range } from "./ranges.ts";
import type { Api } from "./reader.ts";
import { placesOfStale } from "./stale-rows.ts";
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
  /** Why a row of the page may still have to come as it is now, in words; null when none has. */
  readonly doubt: string | null;
};

/** Makes the asker of one stream; it throws `api` when the search does not filter by `updatedAt`. */
export function createRangeAsker(context: string, api: Api): (request: RangeRequest) => Promise<RangePage> {
  let largest = 1;
  let astray = 0;
  const unsorted = new Set<Source>();

  /** Where the search gives rows that were not asked for, to ask for ever smaller ranges would not end. */
  function checkBounds({ from, to }: Range, rows: readonly GivenRow[], settledBefore: number): void {
    const known = rows.filter(({ time }) => time !== null);
    // An edit after the search found it makes a row as new as the run, and never older.
    const isOutside = (time: number) => time < from || (time >= to && time < settledBefore);
    const isAstray = known.length > 0 && known.every(({ time }) => isOutside(time!));
    astray = isAstray ? astray + 1 : 0;
    if (astray <= MOST_ASTRAY) return;
    throw new AppError(
      "api",
      `asked for rows from ${formatTime(from)} on, the search gives others, again and again`,
      {
        hint: "it does not seem to filter by updatedAt, without which this stream cannot be read",
      },
    );
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
    const given = [...page.rows.map(rowOf), ...Array<GivenRow>(rejected).fill(UNUSABLE)];
    checkBounds(range, given, settledBefore);
    const old = given.filter(({ time }) => time !== null && time < from).length;
    // Where most of a full page are, the filter or the sort was not honoured.
    const isFew = old * 2 < given.length || given.length < Math.min(page.pageSize, askedSize);
    const inRange =
      old > 0 && isFew
        ? given.map((row) => ((row.time ?? from) < from ? { ...row, time: null } : row))
        : given;
    const stale = new Set(unsorted.has(source) ? [] : placesOfStale(inRange, settledBefore));
    const rows =
      stale.size > 0
        ? inRange.map((row, place) => (stale.has(place) ? { ...row, time: null } : row))
        : inRange;
    largest = Math.max(largest, rows.length);
    // Where nothing is counted, the largest page may be as large as the server allows, whatever it says.
    const isUnsure = total === null && page.next !== null;
    const pageSize = Math.min(page.pageSize, askedSize, isUnsure ? largest : askedSize);
    const proof = provePage(range, { rows, total, pageSize, timedOut, settledBefore });
    if (proof.kind === "unsorted") unsorted.add(source);
    // Where order was not kept once, what looks like order may be chance.
    const isChance = unsorted.has(source) && (proof.kind === "through" || proof.kind === "tie");
    const doubt = doubtOf(page, old + stale.size, given);
    return { page, rows, proof: isChance ? { kind: "unsorted" } : proof, pageSize, doubt };
  };
}

/**
 * What could not be kept may come whole another time. A row that is older than what was asked for was changed since, or
 * the search would not have found it: what was fetched is a copy that is behind.
 */
function doubtOf(page: Page, old: number, rows: readonly GivenRow[]): string | null {
  const out = firstKeptOut(page);
  if (out !== null) return `${out.id === null ? "a row that" : `the row ${out.id}`} ${out.why}`;
  if (rows.some(({ time }) => time === null)) return "rows came that do not say when they last changed";
  return old > 0 ? "rows came as they were before they last changed" : null;
}

const UNUSABLE: GivenRow = { id: "", time: null };

function rowOf({ id, attributes }: Resource): GivenRow {
  return { id, time: typeof attributes.updatedAt === "string" ? parseTime(attributes.updatedAt) : null };
}
