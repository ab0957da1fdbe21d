/**
 * Counts what is live, beside all there is. An answer that once called a row deleted, or live, is believed only as far
 * as the index counts as many: where it does not, the difference is halved down to a few pages, and these are read again.
 */
import type { AuditOptions, Reread } from "./audit.ts";
import { LEAF, MOST_REQUESTS, PAGE } from "./audit-mend.ts";
import { intersect, type Range } from "./ranges.ts";
import type { AuditState, Source } from "./stream-state.ts";

type LiveOptions = AuditOptions & { readonly before: AuditState };

/** A difference that reading did not explain is looked into again every so many times: it may have been a lie. */
const ASKED_AFRESH = 9;

/**
 * Counts what is live in one of the sources, where no other can know of a row; returns what the next audit is to know,
 * by how many rows they differ among it although some of them were read again: it may mean something else by a live row.
 */
export async function* auditLive(
  options: LiveOptions,
): AsyncGenerator<Reread, AuditState, ReadonlySet<string>> {
  const { before, sources, alone, start, horizon } = options;
  const known = sources.flatMap((source) => {
    const [range] = intersect([{ from: start, to: horizon + 1 }], alone[source]);
    return range === undefined ? [] : [{ source, range }];
  });
  const nth = before.liveTurn + 1;
  const due = known[nth % Math.max(1, known.length)];
  const whole = due === undefined ? null : await countPart(due.source, due.range, options);
  if (due === undefined || whole === null) return { ...before, liveTurn: nth };
  const { source } = due;
  const difference = whole.index - whole.file;
  const isAfresh = Math.floor(nth / known.length) % ASKED_AFRESH === 0;
  const isKnown = difference === 0 || (!isAfresh && difference === before.unexplainedLive[source]);
  const unexplained = isKnown ? difference : yield* look(source, whole, options);
  return { ...before, liveTurn: nth, unexplainedLive: { ...before.unexplainedLive, [source]: unexplained } };
}

type LivePart = { readonly range: Range; readonly index: number; readonly file: number };

async function countPart(
  source: Source,
  range: Range,
  { counts, countLive }: LiveOptions,
): Promise<LivePart | null> {
  const index = await countLive(source, range);
  return index === null ? null : { range, index, file: counts.live(range) };
}

/** Finds where a part differs and has it read again, within the means of one run; returns what reading did not explain. */
async function* look(
  source: Source,
  whole: LivePart,
  options: LiveOptions,
): AsyncGenerator<Reread, number, ReadonlySet<string>> {
  const { counts } = options;
  const differing = [whole];
  let left = MOST_REQUESTS;
  for (let part = differing.pop(); part !== undefined; part = differing.pop()) {
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
    differing.push(...[lower, upper].filter((half) => half.index !== half.file));
  }
  return 0;
}
