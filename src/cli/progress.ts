/**
 * The progress of a run on stderr. On a terminal the streams being read are drawn in place, at most ten times
 * a second, and all other lines go above them; elsewhere there is a plain line per stream now and then. The
 * cursor is back where and as it was when the display stops, however the process ends.
 */
import type { Environment } from "./parse.ts";
import { endLine, liveLines, plainLine, type StreamLine, waitLine } from "./progress-lines.ts";
import { displayWidth } from "./table.ts";
import { canRedraw, type TextStream } from "./terminal.ts";

export type StreamProgress = {
  /** Rows read in this run. */
  readonly rows: number;
  /** Rows that this run has to read; null when Kustomer has not said. */
  readonly total: number | null;
  readonly state: "reading" | "done" | "failed" | "skipped" | "partial";
  /** Bytes written so far, where bytes are what is made. */
  readonly bytes?: number;
};

export type Progress = {
  readonly update: (stream: string, progress: StreamProgress) => void;
  /** Searches made in the current rate window, of how many: the budget that a sync waits for. */
  readonly searches: (used: number, budget: number | null) => void;
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
  /** Rows at earlier moments, oldest first, at least a second apart: the rate is measured against the oldest. */
  readonly samples: { at: number; rows: number }[];
  saidAt: number;
};

const REDRAW_MS = 100;
const PLAIN_MS = 30_000;
/** As long as Kustomer's rate window, so that a rate counts the waiting in too. */
const RATE_MS = 60_000;
const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const ERASE_BELOW = "\x1b[J";

export function createProgress(options: ProgressOptions): Progress {
  const { stream, quiet = false, env = process.env, now = Date.now, every = interval } = options;
  const live = options.enabled && !quiet && canRedraw(stream, env);
  const active = new Map<string, Tracked>();
  const ended = new Set<string>();
  let searches: { used: number; budget: number | null } | null = null;
  let waitingUntil: number | null = null;
  let waitSaidAt = -Infinity;
  let stopped = false;

  const streamLine = (name: string, tracked: Tracked): StreamLine => {
    const oldest = tracked.samples[0]!;
    const elapsed = now() - oldest.at;
    const rate = elapsed < 1_000 ? null : ((tracked.rows - oldest.rows) * 1_000) / elapsed;
    return { name, rows: tracked.rows, total: tracked.total, bytes: tracked.bytes, rate };
  };
  const painter = live
    ? createPainter(stream, now, (size) => {
        const lines = [...active].map(([name, tracked]) => streamLine(name, tracked));
        const waitMs = waitingUntil === null ? null : waitingUntil - now();
        return liveLines(lines, { searches, waitMs }, size);
      })
    : null;
  const stopTicking = painter === null ? () => {} : every(REDRAW_MS, painter.paint);
  const log = (line: string) => {
    if (painter === null || stopped) stream.write(`${line}\n`);
    else painter.above(line);
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
      sample(tracked, at);
      if (known === undefined) active.set(name, tracked);
      if (state !== "reading") {
        active.delete(name);
        ended.add(name);
        if (!quiet) log(endLine({ name, rows, bytes }, state, at - tracked.startedAt));
      } else if (painter === null && !quiet && at - tracked.saidAt >= PLAIN_MS) {
        tracked.saidAt = at;
        log(plainLine(streamLine(name, tracked)));
      }
    },
    searches: (used, budget) => {
      searches = { used, budget };
    },
    waiting: (untilMs) => {
      waitingUntil = untilMs;
      const said = untilMs === null ? null : waitLine(untilMs - now());
      if (painter !== null || quiet || stopped || said === null || now() - waitSaidAt < PLAIN_MS) return;
      waitSaidAt = now();
      log(said);
    },
    log,
    stop: () => {
      if (stopped) return;
      stopped = true;
      stopTicking();
      painter?.clear();
    },
  };
}

/** Draws lines in place; what they say changes at most every 100 ms, so that nobody's terminal is kept busy. */
function createPainter(
  stream: TextStream,
  now: () => number,
  render: (size: { columns: number; rows: number }) => string[],
) {
  let frame: readonly string[] = [];
  let drawnAt = -Infinity;
  let drawnColumns = 0;
  let cursorHidden = false;
  const showCursor = () => stream.write(SHOW_CURSOR);
  const columns = () => Math.max(1, stream.columns ?? 80);

  /** Goes up to the frame's first line; a line that a narrower window has wrapped counts as several. */
  const rewind = () => {
    const height = frame.reduce(
      (rows, line) => rows + Math.max(1, Math.ceil(displayWidth(line) / columns())),
      0,
    );
    return height === 0 ? "" : `\x1b[${height}A\r`;
  };
  const draw = (above: string | null) => {
    const due = now() - drawnAt >= REDRAW_MS;
    const lines = due ? render({ columns: columns(), rows: stream.rows ?? 24 }) : frame;
    const resized = drawnColumns !== columns();
    const unchanged = lines.length === frame.length && lines.every((line, index) => line === frame[index]);
    if (above === null && unchanged && !resized) return;
    let text = rewind();
    // Wrapped lines stay marked as one line in the terminal unless they are erased first.
    if (above !== null || resized) text += ERASE_BELOW;
    if (above !== null) text += `${above}\n`;
    text += lines.map((line) => `${line}\x1b[K\n`).join("") + ERASE_BELOW;
    if (!cursorHidden && lines.length > 0) {
      cursorHidden = true;
      process.once("exit", showCursor);
      text = HIDE_CURSOR + text;
    }
    stream.write(text);
    frame = lines;
    drawnColumns = columns();
    if (due) drawnAt = now();
  };
  return {
    paint: () => draw(null),
    /** Writes a line above the frame, which keeps its place below. */
    above: (line: string) => draw(line),
    clear: () => {
      if (frame.length > 0) stream.write(`${rewind()}${ERASE_BELOW}`);
      frame = [];
      if (!cursorHidden) return;
      cursorHidden = false;
      process.off("exit", showCursor);
      showCursor();
    },
  };
}

function sample({ samples, rows }: Tracked, at: number): void {
  if (samples.length === 0 || at - samples.at(-1)!.at >= 1_000) samples.push({ at, rows });
  while (samples.length > 1 && at - samples[1]!.at >= RATE_MS) samples.shift();
}

function interval(ms: number, tick: () => void): () => void {
  const timer = setInterval(tick, ms);
  timer.unref();
  return () => clearInterval(timer);
}
