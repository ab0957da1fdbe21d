/**
 * What work that may be stuck in one long call lets others look after: that it lives, and the files that are to go should
 * it be ended from outside.
 */

/** Gives a sign of life again and again until what it returns is called; `path` is the file that shows it, if any. */
export type Heart = (
  lease: { readonly beat: () => void; readonly path: string | null },
  everyMs: number,
) => () => void;

export type Remains = {
  /** Files, and folders with all that is in them. */
  readonly paths: readonly string[];
  /** Folders that go where nothing is in them. */
  readonly folders: readonly string[];
};

/** Nothing is to go: what is half done is whole again by the next command. */
export const NOTHING: Remains = { paths: [], folders: [] };

export type Keeper = {
  readonly heart: Heart;
  /** From now on these go should the work be ended. */
  readonly mayRemain: (remains: Remains) => void;
};

/** The keeper of work whose own turns come often enough. */
export const SELF: Keeper = {
  heart({ beat }, everyMs) {
    const timer = setInterval(() => {
      try {
        beat();
      } catch {
        // One that cannot be given is missed at most; whoever writes next meets the same failure, and tells.
      }
    }, everyMs);
    timer.unref();
    return () => clearInterval(timer);
  },
  mayRemain() {},
};
