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

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads a duration such as `15m`, `90s`, `500ms`, `2h` or `1d` into milliseconds; null when it is not one. */
export function parseDuration(text: string): number | null {
  const parts = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim());
  if (parts === null) return null;
  const ms = Number(parts[1]) * UNIT_MS[parts[2] as keyof typeof UNIT_MS];
  return Number.isFinite(ms) ? Math.round(ms) : null;
}

/** Writes a duration for people: `850ms`, `42s`, `3m 05s`, `2h 10m`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${String(seconds % 60).padStart(2, "0")}s`;
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, "0")}m`;
}
