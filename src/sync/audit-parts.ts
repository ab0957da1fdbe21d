/**
 * Audits a stream that the index does not count as a whole: it tells no count above a limit, or none at all. Some parts
 * in each run are counted, or read; the next run goes on from where this one ended.
 */
import type { Counted } from "../destination/destination.ts";
import { formatTime } from "../lib/time.ts";
import type { Auditing, Reread } from "./audit.ts";
import { mend, PAGE, READ_WHOLE } from "./audit-mend.ts";
import type { Range } from "./ranges.ts";
import type { AuditState, Source } from "./stream-state.ts";

/** Where only parts can be counted, so many of them in one run. */
const PARTS = 2;
/** A part is chosen to hold fewer rows than the lowest limit of counting that was met (10,000) by so much. */
const PART_OF_CAP = 0.9;
/** Kustomer's web app asks for counts up to 10,000; a round number below what the file has may be such a limit. */
export function isCapped(index: number, file: number): boolean {
  return index < file && index >= 1_000 && index % 1_000 === 0;
}

/** What Kustomer's web app counts to. */
const CAP = 10_000;

/** Where the index does not count that far, or not at all: some parts in each run, read rather than counted if need be. */
export async function* auditParts(
  source: Source,
  whole: Range,
  options: Auditing,
): AsyncGenerator<Reread, AuditState, ReadonlySet<string>> {
  const { before, counts, now } = options;
  let cursor =
    before.cursor !== null && before.cursor < whole.to ? Math.max(before.cursor, whole.from) : whole.from;
  const begin = cursor;
  let isEqual = true;
  let [index, file] = [0, 0];
  let isCounted = true;
  for (let nth = 0; nth < PARTS && cursor < whole.to; nth += 1) {
    const rest = { from: cursor, to: whole.to };
    const size = isCounted ? Math.floor(CAP * PART_OF_CAP) : PAGE;
    const to = counts.instantAt(rest, size) ?? whole.to;
    const range = { from: cursor, to: Math.max(to, cursor + 1) };
    const held = counts.count(range);
    const there = isCounted ? await options.count(source, range) : null;
    if (there === null || isCapped(there, held)) {
      isCounted = false;
      const small = { from: cursor, to: Math.max(counts.instantAt(rest, PAGE) ?? whole.to, cursor + 1) };
      const came = yield { source, ranges: [small] };
      yield* options.judge(counts.absent(small, came, READ_WHOLE));
      cursor = small.to;
      continue;
    }
    if (there !== held) {
      isEqual = false;
      yield* mend(source, [{ range, index: there, file: held }], options);
    }
    index += there;
    file += counts.count(range);
    cursor = range.to;
  }
  const of = `${formatTime(begin)} to ${formatTime(cursor)}`;
  const isEnd = cursor >= whole.to;
  const counted: Counted = {
    at: formatTime(now),
    of,
    index: isCounted ? index : null,
    file: isCounted ? file : counts.count({ from: begin, to: cursor }),
    equal: isCounted ? isEqual || index === file : null,
  };
  return { ...before, cursor: isEnd ? null : cursor, counted };
}
