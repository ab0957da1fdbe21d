/** Lets a stream begin anew: its state is forgotten, and its rows where that is asked for. Its columns stay. */
import type { Database } from "bun:sqlite";
import type { Stream } from "../streams/define.ts";
import { quote } from "./identifier.ts";
import { forgetState } from "./state.ts";

/** Resets streams within the caller's transaction; returns how many rows of each went. */
export function resetStreams(db: Database, streams: readonly Stream[], drop: boolean): number[] {
  return streams.map((stream) => {
    // Never parsed: this is also the way out of a state that cannot be.
    forgetState(db, stream);
    return drop ? db.run(`DELETE FROM ${quote(stream.name)}`).changes : 0;
  });
}
