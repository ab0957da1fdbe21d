/**
 * What time it is, by whom. No clock is believed alone: what is to be surely past is past by all of them, so that
 * one clock that runs wrong makes the next run ask again, and never makes this one leave something out.
 */
import { latestTime } from "../lib/time.ts";

/** Instants, ms, read at the same moment. */
export type Clocks = {
  /** The `Date` header; null when the server sent none. */
  readonly server: number | null;
  /** This machine. */
  readonly local: number;
};

/** The instant (ms) that is not in the future by any clock. */
export function earliestOf({ server, local }: Clocks): number {
  return within(Math.min(server ?? local, local));
}

/** The instant (ms) that is not in the past by any clock. */
export function latestOf({ server, local }: Clocks): number {
  return within(Math.max(server ?? local, local));
}

/** This machine's clock, ms, as far as it can be written. */
export function localOf({ local }: Clocks): number {
  return within(local);
}

/** A clock may show any year, and only those of four digits can be written. */
function within(ms: number): number {
  return Math.max(0, Math.min(ms, latestTime));
}
