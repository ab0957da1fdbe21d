/**
 * Instants are milliseconds since the epoch inside the program, and ISO 8601 UTC text with milliseconds
 * (`2026-11-23T01:02:03.004Z`) wherever they are stored, sent or shown, so that text order is time order.
 */

/** Kustomer's own form, exact to the millisecond. */
const CANONICAL = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([Zz]|[+-]\d{2}:?\d{2})?)?$/;

/** The last instant (ms) that the canonical form can write. */
export const latestTime = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Writes an instant in the canonical form. Range: years 0000 to 9999. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** True when `text` is already the canonical form of a real instant (no 31st of February). */
export function isCanonicalTime(text: string): boolean {
  if (!CANONICAL.test(text)) return false;
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === text;
}

/**
 * Reads an ISO 8601 date or date-time; without an offset it is UTC. Returns null for anything else,
 * impossible dates such as 2023-02-30 included, and for instants outside the years 0000 to 9999.
 */
export function parseTime(text: string): number | null {
  const parts = ISO.exec(text);
  if (parts === null) return null;
  const [, year, month, day, hour = "00", minute = "00", , offset = "Z"] = parts;
  const lastDay = new Date(Date.UTC(2000 + (Number(year) % 400), Number(month), 0)).getUTCDate();
  if (Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > lastDay) return null;
  if (Number(hour) > 23 || Number(minute) > 59) return null;
  const time = text.length > 10 ? text.slice(11).replace(/\s*([Zz]|[+-]\d{2}:?\d{2})$/, "") : "00:00";
  const zone = /^[+-]\d{4}$/.test(offset) ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset.toUpperCase();
  const ms = Date.parse(`${year}-${month}-${day}T${time}${zone}`);
  if (Number.isNaN(ms)) return null;
  const written = new Date(ms).toISOString();
  return CANONICAL.test(written) ? ms : null;
}

/** An instant as a person gave it; `isEitherWay` when day and month could be meant the other way round. */
export type GivenDate = { readonly at: number; readonly isEitherWay: boolean };

/**
 * Reads a date as people give it: ISO 8601, month/day/year as the connectors we replace took it, `today` and
 * `yesterday` (from midnight on, UTC), or how long ago (`7d`, `2w`). Null for anything else.
 */
export function parseDate(text: string, now: number = Date.now()): GivenDate | null {
  const words = text.trim().toLowerCase();
  const midnight = Math.floor(now / DAY_MS) * DAY_MS;
  if (words === "today") return certain(midnight);
  if (words === "yesterday") return certain(midnight - DAY_MS);
  const ago = parseDuration(words.replace(/ ago$/, ""));
  if (ago !== null) return now - ago >= EARLIEST ? certain(now - ago) : null;
  const slashed = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(words);
  if (slashed === null) return certain(parseTime(text.trim()));
  const [, month = "", day = "", year] = slashed;
  const at = parseTime(`${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`);
  return at === null ? null : { at, isEitherWay: Number(day) <= 12 && Number(day) !== Number(month) };
}

function certain(at: number | null): GivenDate | null {
  return at === null ? null : { at, isEitherWay: false };
}

const DAY_MS = 86_400_000;
const EARLIEST = Date.UTC(1970, 0, 1);
const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: DAY_MS, w: 7 * DAY_MS } as const;
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w)\s*)+$/;

/** Reads a duration such as `15m`, `90s`, `500ms`, `2w` or `1h 30m` into milliseconds; null when it is not one. */
export function parseDuration(text: string): number | null {
  if (!DURATION.test(text.trim())) return null;
  let ms = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)) {
    ms += Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  }
  return Number.isFinite(ms) ? Math.round(ms) : null;
}

/** An instant in the canonical form as people read it, to the second: `2026-11-24 18:05:31Z`. */
export function readableTime(canonical: string): string {
  return `${canonical.slice(0, 19).replace("T", " ")}Z`;
}

/** Writes a duration for people: `850ms`, `42s`, `3m 05s`, `2h 10m`, `3d 04h`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${String(seconds % 60).padStart(2, "0")}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}h ${String(minutes % 60).padStart(2, "0")}m`;
  return `${Math.floor(hours / 24)}d ${String(hours % 24).padStart(2, "0")}h`;
}
