/** What tells two copies of a row apart without comparing them whole: its version, and whether it is deleted. */
import type { Resource } from "../lib/resource.ts";
import { formatTime, isCanonicalTime, parseTime } from "../lib/time.ts";
import { deletionOf } from "../streams/record.ts";

export type Version = {
  /** Canonical text; null when the row has no date, or none that is one. */
  readonly updatedAt: string | null;
  /** Kustomer's count of revisions; null where a row has none. */
  readonly rev: number | null;
  readonly deleted: boolean;
};

/** The version that a row has as Kustomer sent it; `listedAsDeleted` when it came in a listing of deleted rows. */
export function versionOf(resource: Resource, listedAsDeleted: boolean): Version {
  const { updatedAt, rev } = resource.attributes;
  return {
    updatedAt: typeof updatedAt === "string" ? canonical(updatedAt) : null,
    rev: typeof rev === "number" ? rev : null,
    deleted: deletionOf(resource, listedAsDeleted) !== null,
  };
}

/**
 * How a file's copy differs from what Kustomer has: not there, or older, or deleted on one side only. Null when
 * it does not, and when the file's is the newer one: then it was written after Kustomer was asked.
 */
export function differenceOf(held: Version | null, there: Version): "missing" | "stale" | null {
  if (held === null) return "missing";
  if (held.updatedAt !== there.updatedAt) {
    const older = there.updatedAt !== null && (held.updatedAt === null || held.updatedAt < there.updatedAt);
    return older ? "stale" : null;
  }
  if (held.rev !== null && there.rev !== null && held.rev !== there.rev) {
    return held.rev < there.rev ? "stale" : null;
  }
  return held.deleted === there.deleted ? null : "stale";
}

function canonical(time: string): string | null {
  if (isCanonicalTime(time)) return time;
  const ms = parseTime(time);
  return ms === null ? null : formatTime(ms);
}
