import { describe, expect, test } from "bun:test";
import { createProgress, type ProgressOptions } from "../../src/cli/progress.ts";
import { createScreen, ENTER, narrowTo } from "./screen.ts";

const HIDE = "\x1b[?25l";
const SHOW = "\x1b[?25h";

/** A display on a screen of our own, with a clock and a ticker that stand still until told. */
function begin(
  options: Partial<ProgressOptions> & { isTTY?: boolean; columns?: number; rows?: number } = {},
) {
  const columns = options.columns ?? 80;
  const size = { columns, rows: options.rows ?? 24 };
  const writes: string[] = [];
  const clock = { ms: 1_000_000 };
  let tick: (() => void) | null = null;
  const progress = createProgress({
    stream: {
      isTTY: options.isTTY ?? true,
      get columns() {
        return size.columns;
      },
      get rows() {
        return size.rows;
      },
      write: (text) => writes.push(text),
    },
    enabled: options.enabled ?? true,
    quiet: options.quiet ?? false,
    env: options.env ?? {},
    now: () => clock.ms,
    every: (_, run) => {
      tick = run;
      return () => {
        tick = null;
      };
    },
  });
  return {
    progress,
    size,
    writes,
    /** Lets time pass, with a tick every 100 ms as the real ticker has it. */
    pass: (ms: number) => {
      for (let passed = 0; passed < ms; passed += 100) {
        clock.ms += Math.min(100, ms - passed);
        tick?.();
      }
    },
    ticking: () => tick !== null,
    screen: () => createScreen(columns, writes.join(""), size.rows),
  };
}

const reading = (rows: number, total: number | null = null) => ({ rows, total, state: "reading" as const });

describe("on a terminal", () => {
  test("draws a line per stream: name, percent, rows, time left, rate; and the searches last", () => {
    const { progress, pass, screen } = begin();
    progress.update("conversations", reading(0, 10_000));
    progress.update("teams", reading(0));
    progress.searches(1_200, 500_000);
    pass(10_000);
    progress.update("conversations", reading(2_000, 10_000));
    progress.update("teams", reading(30));
    pass(100);
    expect(screen()).toEqual([
      "conversations  20%  2,000 rows  41s left  198 rows/s",
      "teams                  30 rows              3 rows/s",
      "searches 1,200 of 500,000",
    ]);
  });

  test("of an export it tells the bytes too, while it is written and when it is", () => {
    const { progress, pass, screen } = begin();
    progress.update("notes", { rows: 0, total: 4_000, bytes: 0, state: "reading" });
    pass(10_000);
    progress.update("notes", { rows: 1_000, total: 4_000, bytes: 2_500_000, state: "reading" });
    pass(100);
    expect(screen()).toEqual(["notes  25%  1,000 rows  2.5 MB  31s left  99 rows/s"]);
    progress.update("notes", { rows: 4_000, total: 4_000, bytes: 10_000_000, state: "done" });
    pass(100);
    expect(screen()).toEqual(["notes: done, 4,000 rows, 10.0 MB in 10s"]);
  });

  test("counts the wait for the rate limit down, and says nothing once it is over", () => {
    const { progress, pass, screen } = begin();
    progress.searches(100, null);
    progress.waiting(1_000_000 + 12_400);
    pass(200);
    expect(screen()).toEqual(["searches 100, waiting for the rate limit, 13s"]);
    pass(9_000);
    expect(screen()).toEqual(["searches 100, waiting for the rate limit, 4s"]);
    pass(4_000);
    expect(screen()).toEqual(["searches 100"]);
    progress.waiting(null);
  });

  test("redraws at most ten times a second, and not at all when nothing changed", () => {
    const { progress, pass, writes } = begin();
    for (let second = 0; second < 5; second++) {
      for (let update = 1; update <= 1_000; update++) {
        progress.update("notes", reading(second * 1_000 + update, 9_000));
        if (update % 100 === 0) pass(100);
      }
    }
    expect(writes.length).toBeLessThanOrEqual(50);
    expect(writes.length).toBeGreaterThan(40);
    const { progress: still, pass: rest, writes: few } = begin();
    still.searches(1, 2);
    rest(60_000);
    expect(few).toHaveLength(1);
  });

  test("a storm of log lines takes the display along without drawing it anew each time", () => {
    const { progress, pass, writes } = begin();
    for (let line = 1; line <= 500; line++) {
      progress.update("notes", reading(line));
      progress.log(`warning ${line}`);
      pass(10);
    }
    const drawn = new Set(writes.flatMap((text) => text.match(/[\d,]+ rows/) ?? []));
    expect(drawn.size).toBeLessThanOrEqual(51);
    expect(drawn.size).toBeGreaterThan(40);
  });

  test("puts log lines above the display, long ones too, and loses none", () => {
    const { progress, pass, screen } = begin({ columns: 40 });
    progress.update("notes", reading(10, 100));
    pass(100);
    progress.log("warning: one");
    progress.log(`warning: ${"long ".repeat(12)}`.trim());
    pass(100);
    progress.update("notes", reading(20, 100));
    progress.log("warning: three");
    pass(100);
    expect(screen()).toEqual([
      "warning: one",
      "warning: long long long long long long l",
      "ong long long long long long",
      "warning: three",
      "notes  20%  20 rows",
    ]);
  });

  test("a stream that ends leaves one line behind and its place in the display", () => {
    const { progress, pass, screen } = begin();
    progress.update("notes", reading(0, 4_000));
    progress.update("tags", reading(5));
    pass(48_000);
    progress.update("notes", { rows: 4_000, total: 4_000, state: "done" });
    progress.update("notes", { rows: 4_000, total: 4_000, state: "done" });
    pass(100);
    expect(screen()).toEqual(["notes: done, 4,000 rows in 48s", "tags  5 rows  0 rows/s"]);
  });

  test("a stream that ends is not in the display any more, from the same moment on", () => {
    const { progress, pass, screen } = begin();
    progress.update("notes", reading(3_300, 4_000));
    progress.update("tags", reading(5));
    pass(100);
    progress.update("notes", { rows: 4_000, total: 4_000, state: "done" });
    expect(screen()).toEqual(["notes: done, 4,000 rows", "tags  5 rows"]);
  });

  test("the time left is never less than the wait for the rate limit, and counts it in", () => {
    const { progress, pass, screen } = begin();
    progress.update("notes", reading(0, 150_000));
    progress.searches(0, 100);
    pass(2_000);
    progress.update("notes", reading(50_000, 150_000));
    progress.searches(100, 100);
    progress.waiting(1_000_000 + 60_000);
    pass(100);
    // As much comes in a minute, and the rest in the minute after that.
    expect(screen()[0]).toStartWith("notes  33%  50,000 rows  2m 00s left");
    pass(50_000);
    expect(screen()[0]).toStartWith("notes  33%  50,000 rows  1m 10s left");
    progress.update("notes", reading(50_000, 50_500));
    pass(100);
    expect(screen()[0]).toStartWith("notes  99%  50,000 rows  10s left");
  });

  test.each([
    [24, 1],
    [24, 4],
    [24, 9],
    [6, 4],
  ])("Enter leaves no line behind, in a window of %d lines with %d streams", (rows, streams) => {
    const { progress, pass, screen, writes } = begin({ rows });
    for (let line = 1; line <= 30; line++) progress.log(`line ${line}`);
    const show = (rows: number) => {
      for (let each = 1; each <= streams; each++) progress.update(`stream${each}`, reading(rows));
      pass(100);
    };
    show(1);
    for (let time = 2; time <= 5; time++) {
      writes.push("typed", ENTER, "x", ENTER, ENTER);
      show(time);
    }
    progress.log("last");
    const lines = screen();
    expect(lines.slice(0, 31)).toEqual([...Array.from({ length: 30 }, (_, at) => `line ${at + 1}`), "last"]);
    expect(lines.slice(31).map((line) => line.split(" ")[0])).toEqual(
      Array.from({ length: streams }, (_, each) => `stream${each + 1}`),
    );
    progress.stop();
    expect(screen()).toHaveLength(31);
  });

  test("never says 100% of a stream that is still being read", () => {
    const { progress, pass, screen } = begin();
    progress.update("notes", reading(4_100, 4_000));
    pass(100);
    expect(screen()).toEqual(["notes  99%  4,100 rows"]);
  });

  test("every line fits a narrow window, and a window that becomes narrower is not torn", () => {
    const { progress, pass, screen, size, writes } = begin({ columns: 70 });
    progress.update("conversations", reading(0, 1_000_000));
    pass(2_000);
    progress.update("conversations", reading(1_000, 1_000_000));
    pass(100);
    size.columns = 20;
    writes.push(narrowTo(20));
    progress.update("conversations", reading(2_000, 1_000_000));
    pass(100);
    expect(screen()).toEqual(["conversations  0% …"]);
  });

  test("a window with few rows shows few streams", () => {
    const { progress, pass, screen } = begin({ rows: 4 });
    for (const name of ["a", "b", "c", "d"]) progress.update(name, reading(1));
    progress.searches(1, 2);
    pass(100);
    expect(screen()).toEqual(["a  1 row", "b  1 row", "searches 1 of 2"]);
  });

  test("hides the cursor while it draws, and stop gives it back, clears the display and ends the ticking", () => {
    const { progress, pass, screen, writes, ticking } = begin();
    const listeners = process.listenerCount("exit");
    progress.update("notes", reading(1));
    pass(100);
    expect(writes.join("")).toStartWith(HIDE);
    expect(process.listenerCount("exit")).toBe(listeners + 1);
    progress.log("kept");
    progress.stop();
    progress.stop();
    progress.update("notes", reading(2));
    expect(screen()).toEqual(["kept"]);
    expect(writes.join("").split(SHOW)).toHaveLength(2);
    expect(writes.at(-1)).toBe(SHOW);
    expect(ticking()).toBe(false);
    expect(process.listenerCount("exit")).toBe(listeners);
  });

  test("has no colour to begin with, so NO_COLOR changes nothing", () => {
    for (const env of [{}, { NO_COLOR: "1" }]) {
      const { progress, pass, writes } = begin({ env });
      progress.update("notes", reading(1, 10));
      pass(100);
      expect(writes.join("").replaceAll("\x1b", "␛")).not.toMatch(/␛\[[\d;]*m/);
      progress.stop();
    }
  });
});

describe("in plain lines", () => {
  const plain: [string, Parameters<typeof begin>[0]][] = [
    ["not a terminal", { isTTY: false }],
    ["--no-progress", { enabled: false }],
    ["TERM=dumb", { env: { TERM: "dumb" } }],
    ["CI", { env: { CI: "true" } }],
  ];

  test.each(plain)("%s: one line per stream in 30 s and one at its end", (_, options) => {
    const { progress, pass, writes, ticking } = begin(options);
    expect(ticking()).toBe(false);
    for (let second = 0; second <= 70; second++) {
      progress.update("notes", reading(second * 10, 1_000));
      pass(1_000);
    }
    progress.update("tags", { rows: 3, total: null, state: "skipped" });
    progress.update("notes", { rows: 710, total: 1_000, state: "failed" });
    progress.stop();
    expect(writes).toEqual([
      "notes: 300 of 1,000 rows (30%), 10 rows/s, 1m 10s left\n",
      "notes: 600 of 1,000 rows (60%), 10 rows/s, 40s left\n",
      "tags: skipped, 3 rows\n",
      "notes: failed, 710 rows in 1m 11s\n",
    ]);
  });

  test("says now and then that it waits", () => {
    const { progress, pass, writes } = begin({ isTTY: false });
    progress.waiting(1_000_000 + 12_000);
    pass(5_000);
    progress.waiting(1_000_000 + 12_000);
    pass(30_000);
    progress.waiting(1_000_000 + 40_000);
    progress.waiting(null);
    expect(writes).toEqual(["waiting for the rate limit, 12s\n", "waiting for the rate limit, 5s\n"]);
  });

  test("--quiet leaves nothing but what is logged", () => {
    const { progress, pass, writes } = begin({ quiet: true });
    progress.update("notes", reading(1, 10));
    progress.waiting(2_000_000);
    pass(100_000);
    progress.update("notes", { rows: 10, total: 10, state: "done" });
    progress.log("warning: heard");
    progress.stop();
    expect(writes).toEqual(["warning: heard\n"]);
  });

  test("CI=false is no CI", () => {
    const { progress, pass, writes } = begin({ env: { CI: "false" } });
    progress.update("notes", reading(1));
    pass(100);
    expect(writes).toHaveLength(1);
    progress.stop();
  });
});
