/**
 * The progress of a run on stderr. On a terminal the streams being read are drawn in place, and all other lines go
 * above them; elsewhere there is a plain line per stream now and then.
 */

import { createPainter, REDRAW_MS } from "./painter.ts";
import type { Environment } from "./parse.ts";
import { endLine, liveLines, plainLine, type StreamLine, waitLine } from "./progress-lines.ts";
import { canRedraw, type TextStream } from "./terminal.ts";
import { type Sample, timeLeft } from "./time-left.ts";

export type StreamProgress = {
  /** Rows read in this run. */
  readonly rows: number;
  /** Rows that this run has to read; null when Kustomer has not said. */
  readonly total: number | null;
  readonly state: "reading" | "done" | "failed" | "skipped" | "partial" | "absent";
  /** Bytes written so far, where bytes are what is made. */
  readonly bytes?: number;
};

export type Progress = {
  readonly update: (stream: string, progress: StreamProgress) => void;
  /** Searches made in the last rate window, of how many, and how long (ms) it is: the budget that a sync waits for. */
  readonly searches: (used: number, budget: number | null, windowMs?: number) => void;
  /** The limiter holds requests back until this instant; null when it no longer does. */
  readonly waiting: (untilMs: number | null) => void;
  /** Writes a line above the display. */
  readonly log: (line: string) => void;
  /** Ends the display; nothing is drawn afterwards. Safe to call again. */
  readonly stop: () => void;
};

export type ProgressOptions = {
  readonly stream: TextStream;
  /** False for plain lines even on a terminal. */
  readonly enabled: boolean;
  /** True for neither display nor plain lines; `log` still writes. */
  readonly quiet?: boolean;
  readonly env?: Environment;
  readonly now?: () => number;
  /** Calls `tick` every `ms` until the function it returns is called. */
  readonly every?: (ms: number, tick: () => void) => () => void;
};

type Tracked = {
  rows: number;
  total: number | null;
  bytes: number | null;
  readonly startedAt: number;
  /** Rows at earlier moments and now, oldest first: the rate is measured against the oldest. */
  readonly samples: Sample[];
  saidAt: number;
};

const PLAIN_MS = 30_000;
/** Kustomer's rate window. */
const WINDOW_MS = 60_000;

export function createProgress(options: ProgressOptions): Progress {
  const { stream, quiet = false, env = process.env, now = Date.now, every = interval } = options;
  const live = options.enabled && !quiet && canRedraw(stream, env);
  const active = new Map<string, Tracked>();
  const ended = new Set<string>();
  let searches: { used: number; budget: number | null } | null = null;
  let windowMs = WINDOW_MS;
  let waitingUntil: number | null = null;
  let waitSaidAt = -Infinity;
  let stopped = false;

  const streamLine = (name: string, tracked: Tracked): StreamLine => {
    const oldest = tracked.samples[0]!;
    const elapsed = now() - oldest.at;
    const rate = elapsed < 1_000 ? null : ((tracked.rows - oldest.rows) * 1_000) / elapsed;
    const { rows, total, bytes, samples } = tracked;
    const limit = { windowMs, waitMs: waitMs(), used: 0, budget: null, ...searches };
    const leftMs = total === null || total <= rows ? null : timeLeft(samples, now(), total - rows, limit);
    return { name, rows, total, bytes, rate, leftMs };
  };
  const waitMs = () => (waitingUntil === null ? null : waitingUntil - now());
  const painter = live
    ? createPainter(stream, now, (size) => {
        const lines = [...active].map(([name, tracked]) => streamLine(name, tracked));
        return liveLines(lines, { searches, waitMs: waitMs() }, size);
      })
    : null;
  const stopTicking = painter === null ? () => {} : every(REDRAW_MS, painter.paint);
  const log = (line: string, isNews = false) => {
    if (painter === null || stopped) stream.write(`${line}\n`);
    else painter.above(line, isNews);
  };

  return {
    update: (name, { rows, total, state, bytes = null }) => {
      if (stopped || ended.has(name)) return;
      const at = now();
      const known = active.get(name);
      const tracked = known ?? { rows, total, bytes, startedAt: at, samples: [], saidAt: at };
      tracked.rows = rows;
      tracked.total = total;
      tracked.bytes = bytes;
      sample(tracked, at, Math.max(windowMs, WINDOW_MS));
      if (known === undefined) active.set(name, tracked);
      if (state !== "reading") {
        active.delete(name);
        ended.add(name);
        // Beside its last line the stream must not stand in the display any more.
        if (!quiet) log(endLine({ name, rows, bytes }, state, at - tracked.startedAt), true);
      } else if (painter === null && !quiet && at - tracked.saidAt >= PLAIN_MS) {
        tracked.saidAt = at;
        log(plainLine(streamLine(name, tracked)));
      }
    },
    searches: (used, budget, window = WINDOW_MS) => {
      searches = { used, budget };
      windowMs = window;
    },
    waiting: (untilMs) => {
      waitingUntil = untilMs;
      const said = waitLine(waitMs());
      if (painter !== null || quiet || stopped || said === null || now() - waitSaidAt < PLAIN_MS) return;
      waitSaidAt = now();
      log(said);
    },
    log: (line) => log(line),
    stop: () => {
      if (stopped) return;
      stopped = true;
      stopTicking();
      painter?.clear();
    },
  };
}

/** Notes the rows of now, as the newest sample; those before it are a second apart and reach back `keepMs`. */
function sample({ samples, rows }: Tracked, at: number, keepMs: number): void {
  if (samples.length > 1 && at - samples.at(-2)!.at < 1_000) samples.pop();
  samples.push({ at, rows });
  while (samples.length > 1 && at - samples[1]!.at >= keepMs) samples.shift();
}

function interval(ms: number, tick: () => void): () => void {
  const timer = setInterval(tick, ms);
  timer.unref();
  return () => clearInterval(timer);
}
