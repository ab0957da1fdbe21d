/**
 * What the index was seen to know. That a search for rows changed since an instant shows one proves that the
 * index has come to that instant; that a row shows a later time proves nothing, for rows are fetched after the
 * index was asked. What may be called read ends where this evidence, or either clock, ends.
 */
import { type Clocks, earliestOf, localOf } from "./clocks.ts";
import { EARLIEST, type SearchState } from "./stream-state.ts";

export class Evidence {
  readonly #clocks: Clocks;
  readonly #lookbackMs: number;
  #known = EARLIEST;
  #newest = EARLIEST;

  constructor(clocks: Clocks, lookbackMs: number) {
    this.#clocks = clocks;
    this.#lookbackMs = lookbackMs;
  }

  /** The newest time that a row showed and that lies in the future by no clock; the index may not know it yet. */
  get newest(): number {
    return this.#newest;
  }

  /** Asked for rows changed from `from` on, a search gave some, which show these times. */
  showed(from: number, times: Iterable<number | null>): void {
    this.#known = Math.max(this.#known, from);
    const now = earliestOf(this.#clocks);
    for (const time of times) if (time !== null && time <= now) this.#newest = Math.max(this.#newest, time);
  }

  /** The state with its horizon where the evidence is now. */
  apply(state: SearchState): SearchState {
    const horizon = Math.min(this.#known, earliestOf(this.#clocks));
    if (horizon <= state.horizon) return this.#settle(state);
    return this.#settle({ ...state, horizon, settled: false, since: localOf(this.#clocks) });
  }

  /**
   * A horizon is settled when by every clock it was older than the look-back as the reading began: what is claimed
   * before it was read then, or again. Where the server has no clock, this machine's must have seen the time pass.
   */
  #settle(state: SearchState): SearchState {
    if (state.settled) return state;
    const { server, local } = this.#clocks;
    const isOld = state.horizon <= earliestOf(this.#clocks) - this.#lookbackMs;
    const wasSeenToPass = server !== null || local - state.since >= this.#lookbackMs;
    return { ...state, settled: isOld && wasSeenToPass };
  }
}
