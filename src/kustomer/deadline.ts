/**
 * A time limit that another signal can bring forward. Releasing it takes its listener off the long-lived signal
 * again, so that a run of a million requests does not collect a million of them.
 */

export type Deadline = {
  readonly signal: AbortSignal;
  /** True when the time limit, not the other signal, came first. */
  readonly expired: boolean;
  release(): void;
};

/** Starts the clock at once. */
export function startDeadline(source: AbortSignal | undefined, timeoutMs: number): Deadline {
  const controller = new AbortController();
  const follow = () => controller.abort(source?.reason);
  let expired = false;
  source?.addEventListener("abort", follow, { once: true });
  const timer = setTimeout(() => {
    expired = !controller.signal.aborted;
    controller.abort(new DOMException("the time limit passed", "TimeoutError"));
  }, timeoutMs);
  if (source?.aborted) follow();
  return {
    signal: controller.signal,
    get expired() {
      return expired;
    },
    release() {
      clearTimeout(timer);
      source?.removeEventListener("abort", follow);
    },
  };
}
