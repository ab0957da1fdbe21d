/**
 * One budget as a sliding log of requests. A request occupies a slot from the moment it is sent until a
 * whole window AFTER ITS ANSWER ARRIVED: the server counted it at some unknown moment in between, so a slot
 * freed any earlier could fall into the same server window as the request that takes it. Held this long, no
 * window of that length, however the server aligns it, ever sees more than the limit.
 */

export type SlidingLog = {
  /** Requests per window, at least 1. May change at any time; a lower one lets the log drain first. */
  limit: number;
  take(): void;
  /** The answer to one of the requests taken came, or never will. */
  settle(at: number): void;
  pauseUntil(at: number): void;
  /** The moment from which a request may be sent: `at` itself when now, Infinity when an answer must come first. */
  openFrom(at: number): number;
  occupied(at: number): number;
  readonly inFlight: number;
};

/** All instants are milliseconds of one clock that never runs backwards. */
export function createSlidingLog(limit: number, windowMs: number): SlidingLog {
  /** When each answered request gives its slot back, ascending; those before `head` already have. */
  let releases: number[] = [];
  let head = 0;
  let inFlight = 0;
  let pausedUntil = Number.NEGATIVE_INFINITY;

  function dropReleased(at: number): void {
    while (head < releases.length && releases[head]! <= at) head += 1;
    if (head < 1_024 && head < releases.length) return;
    releases = releases.slice(head);
    head = 0;
  }

  const log: SlidingLog = {
    limit,
    take() {
      inFlight += 1;
    },
    settle(at) {
      inFlight -= 1;
      releases.push(at + windowMs);
    },
    pauseUntil(at) {
      pausedUntil = Math.max(pausedUntil, at);
    },
    openFrom(at) {
      if (pausedUntil > at) return pausedUntil;
      const excess = log.occupied(at) - log.limit;
      if (excess < 0) return at;
      return releases[head + excess] ?? Number.POSITIVE_INFINITY;
    },
    occupied(at) {
      dropReleased(at);
      return inFlight + releases.length - head;
    },
    get inFlight() {
      return inFlight;
    },
  };
  return log;
}
