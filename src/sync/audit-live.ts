/**
 * Counts what is live, beside all there is. An answer that once called a row deleted, or live, is believed only as far
 * as the index counts as many: where it does not, the difference is halved down to a few pages, and these are read again.
 */
import type { Auditing, Reread } from "./audit.ts";
import { ASKED_AFRESH, differing, LEAF, MOST_REQUESTS, PAGE, type Part } from "./audit-mend.ts";
import type { Range } from "./ranges.ts";
import type { AuditState, Source } from "./stream-state.ts";

/**
 * Counts what is live in one of the sources, where no other can know of a row; returns what the next audit is to know,
 * by how many rows they differ among it although some of them were read again: it may mean something else by a live row.
 */
export async function* auditLive(
  search: Range,
  archive: Range | null,
  options: Auditing,
): AsyncGenerator<Reread, AuditState, ReadonlySet<string>> {
  const { before } = options;
  const nth = before.liveTurn + 1;
  const places = archive === null ? 1 : 2;
  const isOld = archive !== null && nth % 2 === 1;
  const source: Source = isOld ? "archive" : "search";
  const whole = await countPart(source, isOld ? archive : search, options);
  if (whole === null) return { ...before, liveTurn: nth };
  const difference = whole.index - whole.file;
  const isAfresh = Math.floor(nth / places) % ASKED_AFRESH === 0;
  const isKnown = difference === 0 || (!isAfresh && difference === before.unexplainedLive[source]);
  const unexplained = isKnown ? difference : yield* look(source, whole, options);
  return { ...before, liveTurn: nth, unexplainedLive: { ...before.unexplainedLive, [source]: unexplained } };
}

async function countPart(
  source: Source,
  range: Range,
  { counts, countLive }: Auditing,
): Promise<Part | null> {
  const index = await countLive(source, range);
  return index === null ? null : { range, index, file: counts.live(range) };
}

/** Finds where a part differs and has it read again, within the means of one run; returns what reading did not explain. */
async function* look(
  source: Source,
  whole: Part,
  options: Auditing,
): AsyncGenerator<Reread, number, ReadonlySet<string>> {
  const { counts } = options;
  const due = [whole];
  let left = MOST_REQUESTS;
  for (let part = due.pop(); part !== undefined; part = due.pop()) {
    const { range, index, file } = part;
    const size = counts.count(range);
    if (size <= LEAF) {
      left -= Math.ceil(size / PAGE) + 1;
      if (left < 0) return 0;
      yield { source, ranges: [range] };
      const after = await countPart(source, range, options);
      if (after === null) return 0;
      // What is as different as before, after all of it came, is no fault of the file's.
      if (after.index - after.file === index - file) return whole.index - whole.file;
      continue;
    }
    const middle = counts.instantAt(range, size >> 1);
    left -= 1;
    if (left < 0 || middle === null || middle <= range.from) return 0;
    const upper = await countPart(source, { from: middle, to: range.to }, options);
    if (upper === null) return 0;
    const lower = {
      range: { from: range.from, to: middle },
      index: index - upper.index,
      file: file - upper.file,
    };
    due.push(...differing([lower, upper]));
  }
  return 0;
}
