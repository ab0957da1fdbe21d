/** A clock that moves only when nothing else can happen, for code that takes `now` and `wait`. */

export type VirtualClock = {
  now(): number;
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  /** Moves through time until `work` settles; fails when nothing is left that could settle it. */
  run<T>(work: Promise<T>): Promise<T>;
  /** Lets everything due up to `ms` from now happen. */
  advance(ms: number): Promise<void>;
};

type Timer = { at: number; order: number; fire: () => void };

export function createVirtualClock(start = 1_790_000_000_000): VirtualClock {
  let time = start;
  let order = 0;
  let timers: Timer[] = [];
  const settleMicrotasks = () => new Promise<void>((resolve) => setImmediate(resolve));

  function fireNext(limit: number): boolean {
    const [next] = timers.sort((a, b) => a.at - b.at || a.order - b.order);
    if (next === undefined || next.at > limit) return false;
    timers = timers.slice(1);
    time = Math.max(time, next.at);
    next.fire();
    return true;
  }

  return {
    now: () => time,
    wait(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        order += 1;
        const timer: Timer = { at: time + ms, order, fire: resolve };
        timers.push(timer);
        signal?.addEventListener("abort", () => {
          timers = timers.filter((other) => other !== timer);
          reject(signal.reason);
        });
      });
    },
    async run(work) {
      let settled = false;
      const done = () => {
        settled = true;
      };
      work.then(done, done);
      for (;;) {
        await settleMicrotasks();
        if (settled) return work;
        if (!fireNext(Number.POSITIVE_INFINITY)) throw new Error("nothing is left that could happen");
      }
    },
    async advance(ms) {
      const until = time + ms;
      await settleMicrotasks();
      while (fireNext(until)) await settleMicrotasks();
      time = until;
    },
  };
}
