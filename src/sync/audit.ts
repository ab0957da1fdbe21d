/**
 * Counts what the search index has and what the destination has, after a stream was read, and mends what differs.
 * A count costs one request, whatever the range: so what was purged, what an earlier run or version lost, and
 * what an index showed wrongly for a while is found without a second first sync. A difference only says where to
 * read again: rows are written because they came, and marked deleted because they twice did not.
 */
import type { Counted, Suspect } from "../destination/destination.ts";
import { formatTime } from "../lib/time.ts";
import { auditLive } from "./audit-live.ts";
import { ASKED_AFRESH, checkHealth, differing, mend, type Part, READ_WHOLE, total } from "./audit-mend.ts";
import { auditParts, isCapped } from "./audit-parts.ts";
import { intersect, type Range, type Ranges, subtract } from "./ranges.ts";
import type { ReaderContext } from "./reader.ts";
import { type AuditState, EARLIEST, type Source } from "./stream-state.ts";

/**
 * What the reader is to read again before the audit goes on; it answers with the ids that came. Where old rows come
 * from a list, that is read whole for any range of the archive.
 */
export type Reread = { readonly source: Source; readonly ranges: Ranges };

export type AuditOptions = {
  readonly counts: NonNullable<ReaderContext["counts"]>;
  /** How many rows a source has in a range; null where it does not say. */
  readonly count: (source: Source, range: Range) => Promise<number | null>;
  /** How many of them are live; null where it does not say. */
  readonly countLive: (source: Source, range: Range) => Promise<number | null>;
  /** Where old rows come from a list: whether that holds more rows than the destination. */
  readonly isListLonger: (() => Promise<boolean>) | null;
  /** Marks as deleted what is gone of these. */
  readonly judge: (suspects: readonly Suspect[]) => AsyncGenerator<Reread, void, ReadonlySet<string>>;
  /** What changed after the horizon, to be read again when counts differ: a row that moves is no difference. */
  readonly tail: Ranges;
  /** Where only one source can know of a row. */
  readonly alone: Readonly<Record<Source, Ranges>>;
  readonly sources: readonly Source[];
  /** The earliest instant that was asked for, and the last that is claimed. */
  readonly start: number;
  readonly horizon: number;
  /** The earlier of the two clocks, ms. */
  readonly now: number;
  /** The stream's place among those of the run: what is counted by turns is not counted of all streams in one run. */
  readonly place: number;
  readonly before: AuditState | null;
};

/** An audit under way, with what the one before it left. */
export type Auditing = AuditOptions & { readonly before: AuditState };

const HOUR = 3_600_000;
/** A list of old rows is looked at in one of so many runs. */
const LIST_TURNS = 6;
/** Of the runs that do not count all, one of so many counts what is live, and one of so many a slice of the old rows. */
const LIVE_TURNS = 6;
const OLD_TURNS = 3;
/** How far back from the horizon the parts begin that are counted in turn. */
const BACK = [HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR, 90 * 24 * HOUR, 365 * 24 * HOUR];
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Audits one stream; returns what the next audit is to know. Throws `incomplete` where the index is plainly ill. */
export async function* audit(options: AuditOptions): AsyncGenerator<Reread, AuditState, ReadonlySet<string>> {
  const { before, place, alone, start, horizon } = options;
  const turn = before === null ? 0 : before.turn + 1;
  const rangeOf = (source: Source): Range | null => {
    const asked = { from: Math.max(start, EARLIEST), to: horizon + 1 };
    return intersect([asked], alone[source])[0] ?? null;
  };
  const whole = rangeOf("search");
  const old = options.sources.includes("archive") ? rangeOf("archive") : null;
  const result: AuditState = {
    turn,
    cursor: before?.cursor ?? null,
    unexplained: before?.unexplained ?? 0,
    overlap: before?.overlap ?? 0,
    unexplainedLive: before?.unexplainedLive ?? { search: 0, archive: 0 },
    liveTurn: before?.liveTurn ?? 0,
    counted: before?.counted ?? nothing(options),
  };
  const nth = turn + place;
  // What only a list knows cannot be counted; that it has no more rows than the file can be seen.
  if (options.isListLonger !== null && nth % LIST_TURNS === 0 && (await options.isListLonger())) {
    yield { source: "archive", ranges: [{ from: start, to: horizon }] };
  }
  // Every other run counts all there is, and so finds what was purged; those between look for old versions.
  const countsAll = whole === null || turn === 0 || nth % 2 === 0 || result.counted.equal === false;
  const rest = { ...options, before: result };
  if (countsAll && old !== null && (whole === null || turn > 0)) {
    return { ...(yield* auditBoth(whole, old, rest)), turn };
  }
  if (whole === null) return result;
  if (countsAll) return { ...(yield* auditSource("search", whole, null, rest)), turn };
  const between = nth >> 1;
  if (between % LIVE_TURNS === 1) return { ...(yield* auditLive(whole, old, rest)), turn };
  const part =
    old !== null && between % OLD_TURNS === 0
      ? sliceOf(old, between / OLD_TURNS + 1, { ...rest, horizon: old.to })
      : null;
  if (old !== null && part !== null) return { ...(yield* auditOldPart(old, part, rest)), turn };
  return { ...(yield* auditSource("search", whole, sliceOf(whole, between, rest), rest)), turn };
}

/** Counts a part of the old rows alone: a row in an old version, on the wrong side of its border, is told by no sum. */
async function* auditOldPart(
  old: Range,
  part: Range,
  options: Auditing,
): AsyncGenerator<Reread, AuditState, ReadonlySet<string>> {
  const { before } = options;
  const found = yield* auditSource("archive", old, part, {
    ...options,
    before: { ...before, unexplained: 0 },
  });
  return found.counted.equal === false ? { ...before, counted: found.counted } : before;
}

/**
 * Counts all that both sources have: where these are together as many as the file has, so is what lies around the
 * border between them. Only where they are not is each counted for itself, and what lies around the border read in both.
 */
async function* auditBoth(
  whole: Range | null,
  old: Range,
  options: Auditing,
): AsyncGenerator<Reread, AuditState, ReadonlySet<string>> {
  const { before, counts, count } = options;
  const all = { from: old.from, to: whole?.to ?? old.to };
  const index = await count("search", all);
  const archived = await count("archive", all);
  const file = counts.count(all);
  if (index !== null && archived !== null && index + archived === file + before.overlap) {
    const counted = told({ range: all, index: file, file }, options);
    return { ...before, cursor: null, counted };
  }
  let result = before;
  if (whole !== null) result = yield* auditSource("search", whole, null, options);
  const ofOld = yield* auditSource("archive", old, null, {
    ...options,
    before: { ...result, unexplained: 0 },
  });
  // Of both the one that differs is told.
  if (result.counted.equal !== false && ofOld.counted.equal === false) {
    result = { ...result, counted: ofOld.counted };
  }
  const border = { from: old.to, to: whole?.from ?? old.to };
  if (border.from >= border.to) return result;
  return { ...result, overlap: yield* auditBorder(border, options) };
}

/** Reads what lies around the border in both sources where their counts are news; returns how many rows both have. */
async function* auditBorder(
  border: Range,
  options: Auditing,
): AsyncGenerator<Reread, number, ReadonlySet<string>> {
  const { before, counts, count, judge } = options;
  const there = ((await count("search", border)) ?? 0) + ((await count("archive", border)) ?? 0);
  if (there === counts.count(border) + before.overlap) return before.overlap;
  const came = new Set<string>();
  let both = 0;
  for (const source of ["search", "archive"] as const) {
    for (const id of yield { source, ranges: [border] }) {
      if (came.has(id)) both += 1;
      came.add(id);
    }
  }
  const suspects = counts.absent(border, came, READ_WHOLE);
  // No more can be gone than the file has too many.
  const tooMany = counts.count(border) + before.overlap - there;
  if (suspects.length > 0 && suspects.length <= tooMany) yield* judge(suspects);
  return both;
}

function nothing({ now, start }: AuditOptions): Counted {
  return { at: formatTime(now), of: wordsOf(start), index: null, file: 0, equal: null };
}

function wordsOf(start: number): string {
  return start <= EARLIEST ? "all" : `since ${formatTime(start)}`;
}

/**
 * The slice that the nth such run counts; null where there is none. Each of its two borders tells a row that the file has
 * in an old version, on the wrong side of it. They lie at ever other shares of the rows, one in the older half and one in
 * the younger, and by turns hours, days and months before the horizon.
 */
function sliceOf(whole: Range, nth: number, { counts, horizon, before }: AuditOptions): Range | null {
  if (before?.counted.equal === false) return null;
  const rows = counts.count(whole);
  const atShare = (share: number) => counts.instantAt(whole, Math.floor(rows * share));
  const share = (((nth + 1) * GOLDEN) % 1) / 2;
  const from = atShare(share);
  const middle = atShare(0.5) ?? whole.to;
  const recent = horizon - BACK[(nth >> 1) % BACK.length]!;
  const to = nth % 2 === 0 && recent > middle ? recent : (atShare(0.5 + share) ?? whole.to);
  const slice = { from: Math.max(from ?? whole.from, whole.from), to: Math.min(to, whole.to) };
  const isPart = slice.from < slice.to && (slice.from > whole.from || slice.to < whole.to);
  return isPart ? slice : null;
}

async function* auditSource(
  source: Source,
  whole: Range,
  part: Range | null,
  options: Auditing,
): AsyncGenerator<Reread, AuditState, ReadonlySet<string>> {
  const { before, tail } = options;
  let parts = await countParts(source, [part ?? whole], options);
  if (parts === null) return yield* auditParts(source, whole, options);
  if (differing(parts).length === 0) {
    return { ...before, cursor: null, unexplained: 0, counted: told(parts[0]!, options) };
  }
  // What moved since it was read is news; what stays different when that has come is a difference.
  yield { source: "search", ranges: tail };
  const ranges = part === null ? [whole] : subtract([whole], [part]).concat(part);
  parts = await countParts(source, ranges, options);
  if (parts === null) return yield* auditParts(source, whole, options);
  const difference = total(parts, "index") - total(parts, "file");
  const isKnown = before.turn % ASKED_AFRESH !== 0 && difference === before.unexplained;
  const isExplained = differing(parts).length === 1 && difference !== 0 && isKnown;
  let unexplained = isExplained ? difference : 0;
  if (!isExplained && differing(parts).length > 0) {
    checkHealth(total(parts, "index"), total(parts, "file"));
    const isEnd = yield* mend(source, parts, options);
    parts = (await countParts(source, [whole], options)) ?? parts;
    // What is still different after all of it came is not asked for again until it is another difference.
    unexplained = isEnd ? total(parts, "index") - total(parts, "file") : 0;
  }
  const counted = { range: whole, index: total(parts, "index"), file: total(parts, "file") };
  return { ...before, cursor: null, unexplained, counted: told(counted, options) };
}

function told({ range, index, file }: Part, { now, start, horizon }: AuditOptions): Counted {
  const [from, to] = [formatTime(range.from), formatTime(range.to)];
  const isFromStart = range.from <= Math.max(start, EARLIEST);
  const isToEnd = range.to > horizon;
  const of = isFromStart
    ? isToEnd
      ? wordsOf(start)
      : `before ${to}`
    : isToEnd
      ? `since ${from}`
      : `${from} to ${to}`;
  return { at: formatTime(now), of, index, file, equal: index === file };
}

/** Counts ranges; null when the index does not count that far. */
async function countParts(
  source: Source,
  ranges: Ranges,
  { count, counts }: AuditOptions,
): Promise<Part[] | null> {
  const parts: Part[] = [];
  for (const range of ranges) {
    const index = await count(source, range);
    const file = counts.count(range);
    if (index === null || isCapped(index, file)) return null;
    parts.push({ range, index, file });
  }
  return parts;
}
