/**
 * What an answer says about the budget. Kustomer documents `x-ratelimit-limit`, `-remaining` and `-reset`
 * but not the unit of the last, and readers of its older pages and of its newer ones disagree; every form
 * seen becomes a wait in milliseconds, and anything unreadable becomes null.
 */

export type RateHeaders = {
  /** Requests per window; null when absent or not a positive number. */
  readonly limit: number | null;
  readonly remaining: number | null;
  /** Milliseconds from this answer until the window ends; never negative; null when the answer does not say. */
  readonly resetMs: number | null;
  /** Milliseconds after which Retry-After asks to come back; never negative; null without one. */
  readonly retryAfterMs: number | null;
};

/** Reads the budget headers; `now` is the local clock (ms), used only for an answer without a Date. */
export function readRateHeaders(headers: Headers, now: number): RateHeaders {
  const limit = count(headers.get("x-ratelimit-limit"));
  // The server's own clock: a laptop that runs a minute late would otherwise wait a minute too long.
  const clock = readServerTime(headers) ?? now;
  const retryAfterMs = retryAfter(headers.get("retry-after"), clock);
  return {
    limit: limit === 0 ? null : limit,
    remaining: count(headers.get("x-ratelimit-remaining")),
    resetMs: retryAfterMs ?? reset(headers.get("x-ratelimit-reset"), clock),
    retryAfterMs,
  };
}

/** The last instant that text in the form of `formatTime` can tell: a year has four digits. */
const LAST_INSTANT = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** The server's clock (ms) from the Date header; null when it is absent, unreadable, or no year from 1970 to 9999. */
export function readServerTime(headers: Headers): number | null {
  const ms = instant(headers.get("date"));
  return ms === null || ms < 0 || ms > LAST_INSTANT ? null : ms;
}

/** A whole number, also as the first of the `1000, 1000;w=60` that gateways write. */
function count(text: string | null): number | null {
  const digits = /^\s*(\d{1,15})\s*(?:[,;].*)?$/.exec(text ?? "")?.[1];
  return digits === undefined ? null : Number(digits);
}

function retryAfter(text: string | null, clock: number): number | null {
  const seconds = decimal(text);
  if (seconds !== null) return seconds * 1_000;
  const at = instant(text);
  return at === null ? null : Math.max(0, at - clock);
}

function reset(text: string | null, clock: number): number | null {
  const value = decimal(text);
  if (value === null) return null;
  if (value > 1e12) return Math.max(0, value - clock);
  // An epoch second names a whole second and the window ends somewhere in it, so wait for its end.
  if (value > 1e9) return Math.max(0, (value + 1) * 1_000 - clock);
  return value * 1_000;
}

function decimal(text: string | null): number | null {
  return text !== null && /^\s*\d+(?:\.\d+)?\s*$/.test(text) ? Number(text) : null;
}

/** Only the HTTP form: `Date.parse` alone would read "60" or "soon 1" as a date. */
function instant(text: string | null): number | null {
  if (text === null || !/^\s*[A-Za-z]{3,9},? .*\d{2}:\d{2}:\d{2}/.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
