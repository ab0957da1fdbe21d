/**
 * Who may write something, one at a time: the holder says which process it is, and proves that it lives by a sign that
 * moves. Where the holder's process can be asked for it decides; else, as in another container or on another host,
 * the sign is watched for a while by our own count, so that no clock and no host's name decides anything. A holder that
 * was taken for dead and lives finds out when it asks whether it holds still.
 */
import { hostname } from "node:os";
import type { AppError } from "./errors.ts";
import { type Keeper, SELF } from "./keeper.ts";
import { lookForProcess, markSelf, type ProcessMark } from "./process.ts";
import { formatTime } from "./time.ts";
import { wait } from "./wait.ts";

export type Holder = ProcessMark & {
  readonly token: string;
  /** For people. */
  readonly host: string;
  readonly command: string;
  readonly started_at: string;
};

/** A lease as it was found; `sign` is another one after each sign of life. */
export type Held = { readonly holder: Holder; readonly sign: string };

/** Where a lease is kept. Each operation happens as a whole or not at all, whoever else is at work. */
export type LeaseStore = {
  readonly look: () => Held | null;
  /** Puts a holder in place of exactly what was found; false where that has changed. */
  readonly take: (holder: Holder, found: Held | null) => boolean;
  /** Gives a sign of life; false where another holds it. */
  readonly beat: (holder: Holder) => boolean;
  readonly drop: (holder: Holder) => void;
  /** The file whose time of change is the sign; null where it is kept otherwise. */
  readonly pathOf: (holder: Holder) => string | null;
};

/** How often a sign comes, for how long none is waited for, and how often it is looked for. */
export type Pace = { readonly beatMs: number; readonly silenceMs: number; readonly lookMs: number };

const PACE: Pace = { beatMs: 5_000, silenceMs: 30_000, lookMs: 1_000 };

export type LeaseWords = {
  /** The error of one that another holds, or has taken over. */
  readonly busy: (held: Held) => AppError;
  /** The error of one that was taken away, and that nobody holds. */
  readonly lost: () => AppError;
};

export type AcquireOptions = {
  /** Take it from a holder that lives. */
  readonly takeOver?: boolean;
  readonly signal?: AbortSignal;
  /** Told when a holder is watched, which takes a while. */
  readonly onWatch?: (words: string) => void;
};

export type Lease = {
  readonly token: string;
  /** Takes it for a command; throws where another holds it who lives. */
  readonly acquire: (command: string, options?: AcquireOptions) => Promise<void>;
  /** Throws where it was taken, and is held no more. */
  readonly verify: () => void;
  /** The file that shows that it is held; null where none does. */
  readonly path: () => string | null;
  /** Gives it back; never throws. */
  readonly release: () => void;
};

/** The leases that this process holds; more than one only where it writes several things. */
const HELD_HERE = new Set<string>();

/** In how many turns others may be faster before that is an error. */
const TURNS = 20;

export function createLease(
  store: LeaseStore,
  words: LeaseWords,
  {
    pace = PACE,
    keeper = SELF,
  }: { readonly pace?: Pace | undefined; readonly keeper?: Keeper | undefined } = {},
): Lease {
  const token = crypto.randomUUID();
  let holder: Holder | null = null;
  let stop: (() => void) | null = null;

  async function makeRoom(found: Held | null, options: AcquireOptions): Promise<boolean> {
    if (found === null || options.takeOver === true) return true;
    const judged = judge(found.holder);
    if (judged === "running") throw words.busy(found);
    if (judged === "gone") return true;
    const { command, host, pid } = found.holder;
    options.onWatch?.(
      `${command} (process ${pid} on ${host}) may hold it still: watching for a sign of life`,
    );
    const seen = await watch(store, found, pace, options.signal);
    if (seen === "moved") throw words.busy(found);
    return seen === "still";
  }

  return {
    token,
    async acquire(command, options = {}) {
      const mine = { ...markSelf(), token, host: hostname(), command, started_at: formatTime(Date.now()) };
      for (let turn = 1; ; turn += 1) {
        const found = store.look();
        if ((await makeRoom(found, options)) && store.take(mine, found)) break;
        if (turn === TURNS) throw found === null ? words.lost() : words.busy(found);
      }
      holder = mine;
      HELD_HERE.add(token);
      stop = keeper.heart({ beat: () => void store.beat(mine), path: store.pathOf(mine) }, pace.beatMs);
    },
    verify() {
      if (holder === null || store.beat(holder)) return;
      const found = store.look();
      throw found === null ? words.lost() : words.busy(found);
    },
    path: () => (holder === null ? null : store.pathOf(holder)),
    release() {
      stop?.();
      HELD_HERE.delete(token);
      const mine = holder;
      holder = null;
      if (mine !== null) tryTo(() => store.drop(mine));
    },
  };
}

/** What can be told of a holder at once. */
export function judge(holder: Holder): "running" | "gone" | "unknown" {
  if (HELD_HERE.has(holder.token)) return "running";
  const found = lookForProcess(holder);
  // This very process held it and let it go, though nothing in the store says so.
  return found === "running" && holder.pid === process.pid ? "gone" : found;
}

/** Waits for the sign of a holder to move; `else` where another holds it now, or nobody. */
async function watch(
  store: LeaseStore,
  found: Held,
  { silenceMs, lookMs }: Pace,
  signal: AbortSignal | undefined,
): Promise<"moved" | "still" | "else"> {
  for (let waited = 0; waited < silenceMs; waited += lookMs) {
    await wait(lookMs, signal);
    const now = store.look();
    if (now?.holder.token !== found.holder.token) return "else";
    if (now.sign !== found.sign) return "moved";
  }
  return "still";
}

/** A lease that cannot be given back is a dead process's soon: a full disk must not hide the error that says so. */
function tryTo(action: () => unknown): void {
  try {
    action();
  } catch {
    // Whoever writes next meets the same failure, and tells.
  }
}
