/** What a command was asked to read: the checks that need more than one option, or the clock. */
import { AppError } from "../lib/errors.ts";
import { formatTime, readableTime } from "../lib/time.ts";
import type { Stream } from "../streams/define.ts";
import { STREAMS } from "../streams/index.ts";

/** The streams that are named, or all, without those to skip; throws `usage` when none is left. */
export function selectStreams(named: readonly string[], skip: readonly string[]): Stream[] {
  const streams = STREAMS.filter(
    ({ name }) => (named.length === 0 || named.includes(name)) && !skip.includes(name),
  );
  if (streams.length > 0) return streams;
  throw new AppError("usage", "--skip leaves out every stream that was named", {
    hint: "name a stream that is not skipped; kustomer-sync streams lists them",
  });
}

/** The start date, null for the beginning; throws `usage` for one that is yet to come. */
export function selectStart(start: number | undefined): number | null {
  if (start === undefined || start <= Date.now()) return start ?? null;
  throw new AppError("usage", `--start-date ${readableTime(formatTime(start))} is in the future`, {
    hint: "give the date from which on changes are wanted, such as 2024-01-31",
  });
}
