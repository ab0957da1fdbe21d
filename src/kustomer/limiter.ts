/**
 * The only place that decides when a request may be sent. Two budgets: `search`, and the organisation's,
 * which everybody in the account shares and from which search requests draw too. Both are sliding logs
 * (sliding-log.ts), the answers' headers correct them, and a refusal pauses everyone until the server's
 * window ends; then the waiters go on in the order in which they came, still under the logs. At the start, when
 * an earlier run may have spent the window, and after a refusal, one request goes ahead of all others: a wrong
 * guess then costs one refusal, not as many as there are workers.
 */
import { wait as realWait } from "../lib/wait.ts";
import type { RateHeaders } from "./rate-headers.ts";
import { createSlidingLog, type SlidingLog } from "./sliding-log.ts";

export type Budget = "search" | "org";

export type LimiterOptions = {
  /** The window (ms) over which the account's limits count. */
  windowMs: number;
  /** Searches per window. The share does not apply: nobody else's work depends on this budget. */
  searchPerWindow: number;
  /** The organisation's requests per window; null: learn it from the answers. A lower answer wins over it. */
  orgPerWindow: number | null;
  /** How much of the organisation's budget to use, over 0 to 1. */
  share: number;
  /** Milliseconds of a clock that never jumps; the default starts with the process. */
  now?: () => number;
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
};

export type AnswerInfo = RateHeaders & { readonly status: number };

export type Permit = {
  /** Tells that the answer came, or with null that none will; must be called once whatever happens. */
  done(answer: AnswerInfo | null): void;
};

export type LimiterStats = {
  /** Total time (ms) during which at least one request had to wait for its turn. */
  readonly waitedMs: number;
  /** Searches per window now allowed. */
  readonly search: number;
  /** Requests per window now allowed, the share applied. */
  readonly org: number;
  /** The organisation's whole limit; null while no answer has told it and none was given. */
  readonly orgLimit: number | null;
  /** Searches that count against the window now. */
  readonly searchUsed: number;
  /** How long (ms) until the first waiting request may go; null when none waits, or waits for an answer. */
  readonly waitMs: number | null;
};

export type Limiter = {
  /** Waits for a turn, first come first served within each budget; rejects with the signal's reason. */
  acquire(budget: Budget, signal?: AbortSignal): Promise<Permit>;
  stats(): LimiterStats;
};

/** No plan has a lower limit (https://developer.kustomer.com/docs/concepts/rate-limits). */
const UNLEARNED_ORG_LIMIT = 300;
/** A pause is at least this long, and at most two windows or two minutes, whichever is more. */
const MIN_PAUSE_MS = 250;
const MAX_PAUSE_MS = 120_000;
/** Timers beyond 2^31 ms fire at once; waking up early is harmless. */
const MAX_TIMER_MS = 3_600_000;

type Waiter = { readonly budget: Budget; readonly grant: (permit: Permit) => void };

/** Makes a limiter; share it between everything that uses one account. */
export function createLimiter(options: LimiterOptions): Limiter {
  const { windowMs, share, now = () => performance.now(), wait = realWait } = options;
  const search = createSlidingLog(Math.max(1, Math.floor(options.searchPerWindow)), windowMs);
  const org = createSlidingLog(shareOf(options.orgPerWindow ?? UNLEARNED_ORG_LIMIT), windowMs);
  let orgLimit = options.orgPerWindow;
  let queue: Waiter[] = [];
  let timer: AbortController | null = null;
  /** Budgets of which no answer has shown since the start, or the last refusal, that there is any left. */
  const unproven = new Set<SlidingLog>([search, org]);
  let waitedMs = 0;
  let waitingSince: number | null = null;
  let waitingUntil: number | null = null;

  function shareOf(limit: number): number {
    return Math.max(1, Math.floor(limit * share));
  }

  function permit(budget: Budget, sentAt: number): Permit {
    let settled = false;
    return {
      done(answer) {
        if (settled) return;
        settled = true;
        const at = now();
        if (budget === "search") search.settle(at);
        org.settle(at);
        if (answer !== null) learn(budget, answer, sentAt, at);
        dispatch();
      },
    };
  }

  function learn(budget: Budget, answer: AnswerInfo, sentAt: number, at: number): void {
    const described = describedBy(budget, answer);
    if (described === org && answer.limit !== null) {
      orgLimit = answer.limit;
      org.limit = shareOf(Math.min(answer.limit, options.orgPerWindow ?? answer.limit));
    } else if (described === search && answer.limit !== null) {
      search.limit = Math.min(search.limit, answer.limit);
    }
    if (answer.status !== 429) {
      unproven.delete(org);
      if (budget === "search") unproven.delete(search);
    }
    if (answer.status === 429) {
      unproven.add(org).add(search);
      // Pausing the organisation's budget pauses everyone. Later refusals can only extend it.
      org.pauseUntil(at + pauseFor(answer.resetMs ?? sentAt + windowMs - at));
    } else if (spentByOthers(described, answer, at)) {
      described.pauseUntil(at + pauseFor(answer.resetMs ?? windowMs));
    }
  }

  /** Which budget the headers are about: nothing documented says whether searches report their own. */
  function describedBy(budget: Budget, answer: AnswerInfo): SlidingLog {
    return budget === "org" || (answer.limit !== null && answer.limit === orgLimit) ? org : search;
  }

  /**
   * True when others have used up the budget: what remains is not enough for what is in flight, and more is
   * gone than our own log can account for. Where our own requests explain it all, the log already holds us back.
   */
  function spentByOthers(log: SlidingLog, answer: AnswerInfo, at: number): boolean {
    if (answer.remaining === null || answer.remaining >= Math.max(1, log.inFlight)) return false;
    const whole = answer.limit ?? (log === org ? (orgLimit ?? UNLEARNED_ORG_LIMIT) : search.limit);
    return whole - answer.remaining > log.occupied(at);
  }

  function pauseFor(ms: number): number {
    return Math.min(Math.max(ms, MIN_PAUSE_MS), Math.max(2 * windowMs, MAX_PAUSE_MS));
  }

  function dispatch(): void {
    const at = now();
    const blocked: Waiter[] = [];
    for (const waiter of queue) {
      const open = openFrom(org, at) <= at && (waiter.budget === "org" || openFrom(search, at) <= at);
      if (!open) {
        blocked.push(waiter);
        continue;
      }
      org.take();
      if (waiter.budget === "search") search.take();
      waiter.grant(permit(waiter.budget, at));
    }
    queue = blocked;
    account(at);
    sleep(at);
  }

  /** When a budget's next request may go; Infinity when an answer must come first. */
  function openFrom(log: SlidingLog, at: number): number {
    return unproven.has(log) && log.inFlight > 0 ? Number.POSITIVE_INFINITY : log.openFrom(at);
  }

  function account(at: number): void {
    if (queue.length > 0) waitingSince ??= at;
    else if (waitingSince !== null) {
      waitedMs += at - waitingSince;
      waitingSince = null;
    }
  }

  /** One timer for all waiters, set for the next moment at which the first of them may go. */
  function sleep(at: number): void {
    timer?.abort();
    timer = null;
    waitingUntil = null;
    if (queue.length === 0) return;
    // With room in the organisation's budget, only searches are left waiting.
    const orgFrom = openFrom(org, at);
    const from = orgFrom > at ? orgFrom : openFrom(search, at);
    // Infinity: every slot is in flight, and an answer will call back here.
    if (from === Number.POSITIVE_INFINITY) return;
    waitingUntil = from;
    timer = new AbortController();
    wait(Math.min(Math.max(1, Math.ceil(from - at)), MAX_TIMER_MS), timer.signal).then(dispatch, () => {
      // Aborted only by the lines above, because another timer took its place.
    });
  }

  return {
    acquire(budget, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const waiter: Waiter = {
          budget,
          grant(granted) {
            signal?.removeEventListener("abort", leave);
            resolve(granted);
          },
        };
        const leave = () => {
          queue = queue.filter((other) => other !== waiter);
          reject(signal?.reason);
          dispatch();
        };
        signal?.addEventListener("abort", leave, { once: true });
        queue.push(waiter);
        dispatch();
      });
    },
    stats() {
      const waiting = waitingSince === null ? 0 : now() - waitingSince;
      return {
        waitedMs: waitedMs + waiting,
        search: search.limit,
        org: org.limit,
        orgLimit,
        searchUsed: search.occupied(now()),
        waitMs: waitingUntil === null ? null : Math.max(0, waitingUntil - now()),
      };
    },
  };
}
