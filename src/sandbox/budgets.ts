/**
 * The two budgets of an account in fixed windows from the server's start: of all requests, and of searches,
 * which count against both. A request that is refused is not counted as used.
 */
import type { Quirks, ResetForm } from "./quirks.ts";

export type BudgetOptions = {
  /** Requests per window of the organisation. */
  readonly rpm: number;
  readonly searchRpm: number;
  readonly windowMs: number;
};

/** What was used in one window; `startedAt` is ms since the epoch. */
export type WindowStats = { startedAt: number; requests: number; searches: number; refused: number };

export type Admission = {
  readonly admitted: boolean;
  /** `x-ratelimit-*`: always of the whole organisation, also where it was the searches that ran out. */
  readonly headers: Record<string, string>;
};

export type Budgets = {
  readonly windows: readonly WindowStats[];
  /** Asks for one request at an instant (ms), and counts it when there is room. */
  readonly admit: (now: number, search: boolean, quirks: Quirks) => Admission;
};

const inSeconds = (ms: number): string => String(Math.ceil(ms / 1000));

/** The end of a window, in each form; null for none, and where the server's clock is so wrong that it is before 1970. */
const RESET: Readonly<Record<ResetForm, (end: number, now: number) => string | null>> = {
  seconds: (end) => (end < 0 ? null : inSeconds(end)),
  ms: (end) => (end < 0 ? null : String(end)),
  delta: (end, now) => inSeconds(end - now),
  never: () => null,
};

export function createBudgets(options: BudgetOptions, startedAt: number): Budgets {
  const { rpm, searchRpm, windowMs } = options;
  const windows: WindowStats[] = [];
  const windowAt = (now: number): WindowStats => {
    const begun = startedAt + Math.floor((now - startedAt) / windowMs) * windowMs;
    const last = windows.at(-1);
    if (last?.startedAt === begun) return last;
    const next = { startedAt: begun, requests: 0, searches: 0, refused: 0 };
    windows.push(next);
    return next;
  };
  return {
    windows,
    admit: (now, search, quirks) => {
      const window = windowAt(now);
      const exceeded = window.requests >= rpm;
      const admitted = !exceeded && !(search && window.searches >= searchRpm);
      if (admitted) {
        window.requests++;
        if (search) window.searches++;
      } else {
        window.refused++;
      }
      const headers: Record<string, string> = {
        "x-ratelimit-limit": String(rpm),
        "x-ratelimit-remaining": String(rpm - window.requests),
      };
      const end = window.startedAt + windowMs;
      // By the clock that the Date header shows: whoever reads the two together knows how long to wait.
      const offset = quirks.clockAbsent === true ? 0 : (quirks.clockOffsetMs ?? 0);
      const reset = RESET[quirks.reset ?? "seconds"](end + offset, now + offset);
      if (reset !== null && (exceeded || quirks.resetAlways === true)) headers["x-ratelimit-reset"] = reset;
      if (!admitted && quirks.retryAfter === true) headers["retry-after"] = inSeconds(end - now);
      return { admitted, headers };
    },
  };
}
