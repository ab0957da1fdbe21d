/**
 * What follows once every range of a stream was read: how far the index was seen to come, whether rows that a full
 * read did not see are gone, and the audit. Each of these may first need parts to be read again: it yields
 * them, and goes on with the ids that came.
 */
import type { Seen, Suspect } from "../destination/destination.ts";
import type { Page } from "../kustomer/search.ts";
import { AppError } from "../lib/errors.ts";
import type { Resource } from "../lib/resource.ts";
import { type AuditOptions, audit, type Reread } from "./audit.ts";
import { earliestOf } from "./clocks.ts";
import type { Evidence } from "./evidence.ts";
import { askAgain, type GoneOptions } from "./gone.ts";
import { againFrom, aloneAt, type PlanOptions } from "./plan.ts";
import { covers, type Range } from "./ranges.ts";
import type { ReaderContext } from "./reader.ts";
import { EARLIEST, type SearchState, type Source } from "./stream-state.ts";

export type Closing = {
  readonly stream: string;
  readonly options: PlanOptions & { readonly audits: boolean; readonly place: number };
  readonly context: ReaderContext;
  readonly evidence: Evidence;
  /** Whether old rows are found by an archive search, which can be asked for an instant. */
  readonly hasArchive: boolean;
  readonly state: () => SearchState;
  /** Commits rows and, unless it is null, the state after them. */
  readonly commit: (
    rows: readonly Resource[],
    state: SearchState | null,
    more?: { readonly seen?: Seen["step"]; readonly gone?: readonly string[] },
  ) => Promise<void>;
  /** Where old rows come from a list: whether that holds more rows than the destination; else null. */
  readonly isListLonger: (() => Promise<boolean>) | null;
  readonly ask: (
    source: Source,
    range: Range,
    page: number,
    pageSize: number,
    liveOnly?: boolean,
  ) => Promise<Page>;
  /** Says why a part could not be done although all was read. */
  readonly lack: (error: AppError) => void;
  /** Whether the last reading left out what changed while it went on; asking forgets it. */
  readonly leftNews: () => boolean;
};

type Steps = AsyncGenerator<Reread, void, ReadonlySet<string>>;

/** How many suspects of a full read are asked for at once. */
const SUSPECTS = 500;
/** How often what changed meanwhile is read again, while so much changes that a reading leaves some out. */
const MOST_ROUNDS = 5;
/** How often a count that timed out is asked for. */
const TRIES = 3;

/** Closes a reading; `isWhole` says that nothing of it failed or was refused. */
export async function* closeReading(closing: Closing, isWhole: boolean): Steps {
  const { context, options } = closing;
  await seeHowFar(closing, isWhole);
  if (isWhole && closing.state().full !== null) yield* endFullRead(closing);
  if (isWhole && options.audits && closing.state().full === null && context.counts !== null) {
    yield* auditStream(closing, context.counts);
  }
}

/** Asks the index whether it knows the newest time that a row showed; the horizon is then there. */
async function seeHowFar(closing: Closing, isWhole: boolean): Promise<void> {
  const { evidence } = closing;
  const before = closing.state();
  const { newest } = evidence;
  if (newest > before.horizon) {
    const range = { from: newest, to: Number.POSITIVE_INFINITY };
    for (const source of sourcesOf(closing, newest)) {
      const page = await closing.ask(source, range, 1, 1);
      if (page.timedOut || (page.rows.length === 0 && (page.total ?? 0) === 0)) continue;
      evidence.showed(newest, []);
      break;
    }
  }
  const { first, ...after } = evidence.apply(before);
  await closing.commit([], { ...after, first: first && !isWhole });
}

function sourcesOf({ hasArchive, options }: Closing, instant: number): Source[] {
  const alone = aloneAt(options.clocks, "surely");
  const range = { from: instant, to: instant + 1 };
  if (!hasArchive || covers(alone.search, range)) return ["search"];
  return covers(alone.archive, range) ? ["archive"] : ["search", "archive"];
}

/** What changed at or after the horizon, less the look-back. */
function tailOf({ state, options }: Closing): Reread {
  const from = Math.min(againFrom(state(), options.lookbackMs), earliestOf(options.clocks));
  return { source: "search", ranges: [{ from, to: Number.POSITIVE_INFINITY }] };
}

function goneOptions(closing: Closing, isSeen: boolean): GoneOptions {
  return {
    ask: (source, range, page) => closing.ask(source, range, page, 500),
    alone: aloneAt(closing.options.clocks, "surely"),
    sources: closing.hasArchive ? ["search", "archive"] : ["search"],
    keep: async (rows) => {
      if (rows.length > 0) await closing.commit(rows, null, isSeen ? { seen: "continue" } : {});
    },
  };
}

/** Asks again for what a full read did not see, and marks as deleted what does not come. */
async function* endFullRead(closing: Closing): Steps {
  const { context, state } = closing;
  const { gone } = context;
  if (gone === null) return;
  const from = state().start <= EARLIEST ? null : state().start;
  const doubt = (why: string) =>
    closing.lack(
      new AppError("incomplete", `${gone.countUnseen(from)} rows did not come again, ${why}`, {
        at: closing.stream,
        hint: "run sync again at a quieter time: they stay as they are until then",
      }),
    );
  if (gone.countUnseen(from) > 0) {
    let isUnsure = false;
    let oldFrom = Number.POSITIVE_INFINITY;
    let oldTo = 0;
    let after: Suspect | null = null;
    for (;;) {
      const suspects: readonly Suspect[] = gone.listUnseen(from, after, SUSPECTS);
      if (suspects.length === 0) break;
      after = suspects.at(-1)!;
      const { unsure, unasked } = await askAgain(suspects, goneOptions(closing, true));
      isUnsure ||= unsure.length > 0;
      for (const { updatedAt } of unasked) {
        oldFrom = Math.min(oldFrom, updatedAt!);
        oldTo = Math.max(oldTo, updatedAt! + 1);
      }
    }
    if (isUnsure) return doubt("and the answers about them were not whole");
    if (oldFrom < oldTo) yield { source: "archive", ranges: [{ from: oldFrom, to: oldTo }] };
    for (let round = 1; ; round += 1) {
      closing.leftNews();
      yield tailOf(closing);
      if (!closing.leftNews()) break;
      if (round === MOST_ROUNDS) return doubt("while others kept changing");
    }
  }
  const ended = { ...state(), full: null, fullReadAt: state().full?.startedAt ?? null };
  try {
    await closing.commit([], ended, { seen: "end" });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "sweep-refused") throw error;
    // What was seen may be wrong, so that another full read has to begin from nothing.
    await closing.commit([], { ...ended, fullReadAt: null });
    closing.lack(error);
  }
}

async function* auditStream(closing: Closing, counts: AuditOptions["counts"]): Steps {
  const { options, context, hasArchive } = closing;
  const state = closing.state();
  const now = earliestOf(options.clocks);
  if (state.horizon <= EARLIEST) return;
  try {
    const result = yield* audit({
      counts,
      count: (source, range) => countIndex(closing, source, range),
      countLive: (source, range) => countIndex(closing, source, range, true),
      isListLonger: closing.isListLonger,
      judge: (suspects) => judge(closing, suspects),
      tail: tailOf(closing).ranges,
      alone: aloneAt(options.clocks, "nearly"),
      sources: hasArchive ? ["search", "archive"] : ["search"],
      start: state.start,
      // What changed later, the index may still show where it was.
      horizon: Math.min(state.horizon, now - options.lookbackMs),
      now,
      place: options.place,
      before: state.audit,
    });
    await closing.commit([], { ...closing.state(), audit: result });
    context.counted(result.counted);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "sweep-refused") throw error;
    closing.lack(error.located(closing.stream));
  }
}

async function countIndex(
  closing: Closing,
  source: Source,
  range: Range,
  liveOnly = false,
): Promise<number | null> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const page = await closing.ask(source, range, 1, 1, liveOnly);
    if (!page.timedOut) return page.total;
  }
  return null;
}

/** Marks rows as deleted that come neither at their own instant nor among what changed since. */
async function* judge(closing: Closing, suspects: readonly Suspect[]): Steps {
  const { missing } = await askAgain(suspects, goneOptions(closing, false));
  if (missing.length === 0) return;
  closing.leftNews();
  const came = yield tailOf(closing);
  if (closing.leftNews()) return;
  const gone = missing.filter(({ id }) => !came.has(id)).map(({ id }) => id);
  if (gone.length > 0) await closing.commit([], closing.state(), { gone });
}
