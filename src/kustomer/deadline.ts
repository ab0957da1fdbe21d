/**
 * One signal out of several and, where given, a time limit. Releasing it takes its listeners off the
 * long-lived signals again, so that a run of a million requests does not collect a million of them.
 */

export type Deadline = {
  readonly signal: AbortSignal;
  /** True when the time limit, not one of the signals, came first. */
  readonly expired: boolean;
  release(): void;
};

/** Starts the clock at once; `timeoutMs` null means no limit. */
export function startDeadline(
  signals: readonly (AbortSignal | undefined)[],
  timeoutMs: number | null,
): Deadline {
  const controller = new AbortController();
  const sources = signals.filter((signal) => signal !== undefined);
  const follow = () => controller.abort(sources.find((signal) => signal.aborted)?.reason);
  let expired = false;
  for (const source of sources) source.addEventListener("abort", follow, { once: true });
  const timer =
    timeoutMs === null
      ? null
      : setTimeout(() => {
          expired = !controller.signal.aborted;
          controller.abort(new DOMException("the time limit passed", "TimeoutError"));
        }, timeoutMs);
  if (sources.some((signal) => signal.aborted)) follow();
  return {
    signal: controller.signal,
    get expired() {
      return expired;
    },
    release() {
      if (timer !== null) clearTimeout(timer);
      for (const source of sources) source.removeEventListener("abort", follow);
    },
  };
}
