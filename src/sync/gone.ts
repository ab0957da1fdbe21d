/**
 * Whether rows that did not come are gone. One reading that misses a row proves nothing: a page may be short, an
 * index ill, and the row may have moved while it was read. So its own instant is asked again, and what changed
 * since is read again; only what comes in neither is gone. One that is marked wrongly all the same comes back
 * with the next audit, which does not count it as present.
 */
import type { Suspect } from "../destination/destination.ts";
import type { Page } from "../kustomer/search.ts";
import { AppError } from "../lib/errors.ts";
import type { Resource } from "../lib/resource.ts";
import { covers, type Range, type Ranges } from "./ranges.ts";
import type { Source } from "./stream-state.ts";

export type GoneOptions = {
  /** Asks for a page of a range, in pages of `PAGE_SIZE`. */
  readonly ask: (source: Source, range: Range, page: number) => Promise<Page>;
  /** Where only one source can know of a row; elsewhere both are asked. */
  readonly alone: Readonly<Record<Source, Ranges>>;
  /** The sources that can be asked for an instant. */
  readonly sources: readonly Source[];
  /** Keeps rows that came after all. */
  readonly keep: (rows: readonly Resource[]) => Promise<void>;
};

export type AskedAgain = {
  /** Those that did not come again. */
  readonly missing: readonly Suspect[];
  /** Those of which it could not be told: the answers were not whole. */
  readonly unsure: readonly Suspect[];
  /** Those for whose instant no source can be asked. */
  readonly unasked: readonly Suspect[];
};

/** How many rows a page of such a question holds. */
export const PAGE_SIZE = 500;
const MOST_PAGES = 100;
/** How often a page that is not whole is asked for. */
const TRIES = 3;

type Dated = { readonly id: string; readonly updatedAt: number };

/** Asks again for the instants of rows, several at once where few rows lie between them. */
export async function askAgain(suspects: readonly Suspect[], options: GoneOptions): Promise<AskedAgain> {
  const { alone, sources } = options;
  const dated = suspects.filter((suspect): suspect is Dated => suspect.updatedAt !== null);
  // Of a row without a date nothing can be asked: not to have come has to do.
  const missing: Suspect[] = suspects.filter(({ updatedAt }) => updatedAt === null);
  const unsure: Suspect[] = [];
  const unasked: Suspect[] = [];

  async function check(group: readonly Dated[]): Promise<void> {
    if (group.length === 0) return;
    const range = { from: group[0]!.updatedAt, to: group.at(-1)!.updatedAt + 1 };
    const due = sourcesOf(range);
    const isInstant = range.to - range.from === 1;
    // Of others in the group a source may be sure.
    if (due.length === 0 && !isInstant) return halve(group, check);
    if (due.length === 0) return void unasked.push(...group);
    const came = new Set<string>();
    for (const source of due) {
      const ids = await readWhole(source, range, options);
      if (ids === null && !isInstant) return halve(group, check);
      if (ids === null) return void unsure.push(...group);
      for (const id of ids) came.add(id);
    }
    missing.push(...group.filter(({ id }) => !came.has(id)));
  }

  function sourcesOf(range: Range): readonly Source[] {
    const only = (["search", "archive"] as const).find((source) => covers(alone[source], range));
    if (only !== undefined) return sources.includes(only) ? [only] : [];
    return sources.length === 2 ? sources : [];
  }

  const sorted = dated.toSorted((a, b) => a.updatedAt - b.updatedAt);
  await check(sorted);
  return { missing, unsure, unasked };
}

/** Goes on with both halves of a group; rows of one instant stay together. */
async function halve(
  group: readonly Dated[],
  check: (group: readonly Dated[]) => Promise<void>,
): Promise<void> {
  const middle = group[group.length >> 1]!.updatedAt;
  const first = group[0]!.updatedAt;
  const at = middle > first ? middle : group.find(({ updatedAt }) => updatedAt > first)!.updatedAt;
  await check(group.filter(({ updatedAt }) => updatedAt < at));
  await check(group.filter(({ updatedAt }) => updatedAt >= at));
}

/** The ids of all rows of a range; null when it does not fit a page and is no single instant, or never came whole. */
async function readWhole(
  source: Source,
  range: Range,
  { ask, keep }: GoneOptions,
): Promise<ReadonlySet<string> | null> {
  const isInstant = range.to - range.from === 1;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const ids = new Set<string>();
    let rejected = 0;
    for (let number = 1; number <= MOST_PAGES; number += 1) {
      const answer = await askWithinCap(source, range, number, ask);
      if (answer === null) break;
      const { rows, ...page } = answer;
      await keep(rows);
      const known = ids.size;
      for (const { id } of rows) ids.add(id);
      rejected += page.rejected;
      const came = rows.length + page.rejected;
      if (page.timedOut || (came > 0 && ids.size === known && page.rejected === 0)) break;
      // Where nothing is counted, a page may hold fewer rows than it says and not be the last.
      const isUncounted = page.total === null && page.next !== null && came > 0;
      if (came >= Math.min(page.pageSize, PAGE_SIZE) || isUncounted) {
        if (!isInstant) return null;
        continue;
      }
      // A row that could not be kept may be one of those in question.
      if (rejected > 0 || (page.total !== null && page.total > ids.size)) break;
      return ids;
    }
  }
  return null;
}

/** Null for a page beyond what can be paged to, which is refused. */
async function askWithinCap(
  source: Source,
  range: Range,
  number: number,
  ask: GoneOptions["ask"],
): Promise<Page | null> {
  try {
    return await ask(source, range, number);
  } catch (error) {
    if (number > 1 && error instanceof AppError && error.status === 400) return null;
    throw error;
  }
}
