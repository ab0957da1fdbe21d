/** The words of the progress display: pure functions from what is known of a run to lines of text. */

import { amountOf, formatCount } from "../lib/amounts.ts";
import { formatBytes } from "../lib/bytes.ts";
import { formatDuration } from "../lib/time.ts";
import { cut, pad } from "./table.ts";

/** One stream at one moment; null where something is not known. */
export type StreamLine = {
  readonly name: string;
  readonly rows: number;
  readonly total: number | null;
  /** Bytes written; null where bytes are not what is made. */
  readonly bytes: number | null;
  /** Rows a second. */
  readonly rate: number | null;
  readonly leftMs: number | null;
};

export type Footer = {
  /** Searches made in the current window, of how many; a null budget is not known yet. */
  readonly searches: { readonly used: number; readonly budget: number | null } | null;
  /** Milliseconds until the limiter lets the next request go; null or less than one when it does not wait. */
  readonly waitMs: number | null;
};

/**
 * The lines to draw, each narrower than the terminal and the most telling part first, so that cutting a line
 * costs least. Streams that would not fit the height are left out.
 */
export function liveLines(
  streams: readonly StreamLine[],
  footer: Footer,
  size: { readonly columns: number; readonly rows: number },
): string[] {
  const shown = streams.slice(0, Math.max(1, size.rows - 2));
  const cells = shown.map((stream) => [
    stream.name,
    percent(stream) ?? "",
    amountOf(stream.rows, "row"),
    bytesWritten(stream) ?? "",
    timeLeft(stream) ?? "",
    speed(stream) ?? "",
  ]);
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(0, ...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => pad(cell, { width: widths[column]!, right: column > 0 }))
      .filter((_, column) => widths[column]! > 0)
      .join("  "),
  );
  const last = footerLine(footer);
  return (last === null ? lines : [...lines, last]).map((line) => cut(line.trimEnd(), size.columns - 1));
}

/** One stream in one plain line: `notes: 1,200 of 4,000 rows (30%), 83 rows/s, 33s left`. */
export function plainLine(stream: StreamLine): string {
  const share = percent(stream);
  const rows =
    stream.total === null || share === null
      ? amountOf(stream.rows, "row")
      : `${formatCount(stream.rows)} of ${amountOf(stream.total, "row")} (${share})`;
  return `${stream.name}: ${[rows, bytesWritten(stream), speed(stream), timeLeft(stream)].filter((part) => part !== null).join(", ")}`;
}

/** How a stream ended, in one line: `notes: done, 4,000 rows in 48s`; what takes no time has none. */
export function endLine(
  stream: Pick<StreamLine, "name" | "rows" | "bytes">,
  state: string,
  tookMs: number,
): string {
  const size = bytesWritten(stream);
  const rows = `${amountOf(stream.rows, "row")}${size === null ? "" : `, ${size}`}`;
  const took = tookMs < 1_000 ? "" : ` in ${formatDuration(tookMs)}`;
  return `${stream.name}: ${state}, ${rows}${took}`;
}

/** What the limiter does, or null when it has nothing to say: `waiting for the rate limit, 12s`. */
export function waitLine(waitMs: number | null): string | null {
  if (waitMs === null || waitMs < 1) return null;
  return `waiting for the rate limit, ${formatDuration(Math.ceil(waitMs / 1_000) * 1_000)}`;
}

function footerLine({ searches, waitMs }: Footer): string | null {
  const spent =
    searches === null
      ? null
      : `searches ${formatCount(searches.used)}${searches.budget === null ? "" : ` of ${formatCount(searches.budget)}`}`;
  const parts = [spent, waitLine(waitMs)].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(", ");
}

/** Below 100% as long as the stream is being read, because rows that changed meanwhile still follow. */
function percent({ rows, total }: StreamLine): string | null {
  if (total === null || total <= 0) return null;
  return `${Math.min(99, Math.floor((rows / total) * 100))}%`;
}

function bytesWritten({ bytes }: Pick<StreamLine, "bytes">): string | null {
  return bytes === null ? null : formatBytes(bytes);
}

function speed({ rate }: StreamLine): string | null {
  return rate === null ? null : `${amountOf(Math.round(rate), "row")}/s`;
}

function timeLeft({ leftMs }: StreamLine): string | null {
  return leftMs === null ? null : `${formatDuration(Math.ceil(leftMs / 1_000) * 1_000)} left`;
}
