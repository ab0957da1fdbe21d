/**
 * Makes sure that rows which a reading did not meet are gone. A row that changed meanwhile may have moved from
 * what was still to be read to what had been; so what changed since is read, again and again, until a round
 * finds none of them any more. A change that even that misses is news to the next sync, which brings it.
 */
import { counted } from "../lib/count.ts";
import { AppError } from "../lib/errors.ts";
import type { Stream } from "../streams/define.ts";
import type { Comparison } from "./comparison.ts";
import type { SyncOutcome } from "./run.ts";

export type Rounds = {
  /** When the reading began, by the server's clock, ms. */
  readonly since: number;
  /** How late the search index may show a change. */
  readonly lookbackMs: number;
  /** Asks the server's clock, ms. */
  readonly clock: () => Promise<number>;
  /** Reads what changed at or after `start`, at the server's time `now`. */
  readonly read: (streams: readonly Stream[], start: number, now: number) => Promise<SyncOutcome>;
};

/** A round shorter than this leaves no news unread: the engine leaves what is a minute younger than its start. */
const SURE_WITHIN_MS = 60_000;
const MOST_ROUNDS = 5;

/** Returns the streams of which it could not be sure, and why. Throws what stops the whole run. */
export async function confirmExtra(
  streams: readonly Stream[],
  comparison: Comparison,
  { since, lookbackMs, clock, read }: Rounds,
): Promise<Map<Stream, AppError>> {
  const unsure = new Map<Stream, AppError>();
  let open = streams;
  let from = since - lookbackMs;
  for (let round = 1; open.length > 0; round += 1) {
    const begun = await clock();
    const outcome = await read(open, from, begun);
    if (outcome.stopped !== null) throw outcome.stopped;
    const tookMs = (await clock()) - begun;
    open = open.filter((stream) => {
      const report = outcome.streams.find((each) => each.stream === stream.name);
      if (report?.status !== "done") {
        const { code = "incomplete", message = "it was not read to its end", hint } = report?.error ?? {};
        unsure.set(stream, new AppError(code, message, { hint: hint ?? undefined }));
        return false;
      }
      const { dropped, left } = comparison.dropNoted(stream);
      if (left === 0 || (dropped === 0 && tookMs < SURE_WITHIN_MS)) return false;
      if (round < MOST_ROUNDS) return true;
      unsure.set(
        stream,
        new AppError(
          "incomplete",
          `${counted(left, "row was", "rows were")} not found, while others kept moving`,
          {
            hint: "run it again at a quieter time: they are in the file as they were",
          },
        ),
      );
      return false;
    });
    from = begun - lookbackMs;
  }
  return unsure;
}
