/** What was asked of the sandbox, for tests that hold a client to its promises. */
import type { WindowStats } from "./budgets.ts";
import type { FaultKind } from "./faults.ts";

export type Stats = {
  /** Requests that a budget admitted, searches among them. */
  requests: number;
  searches: number;
  /** Requests answered 429 because a budget was spent. */
  refused: number;
  /** Requests turned away for their key. */
  unauthorized: number;
  /** Requests that met a fault. */
  faults: number;
  faultsByKind: Partial<Record<FaultKind, number>>;
  /** Every request, admitted or not, by method and path. */
  byPath: Record<string, number>;
  windows: WindowStats[];
  /** Searches whose very path, query and body had been answered well before. */
  duplicates: number;
};

export type Tally = Omit<Stats, "windows" | "requests" | "searches" | "refused"> & { answered: Set<string> };

export function createTally(): Tally {
  return { unauthorized: 0, faults: 0, faultsByKind: {}, byPath: {}, duplicates: 0, answered: new Set() };
}

/** Sums the windows up; the answer shares nothing with the tally. */
export function readStats(tally: Tally, windows: readonly WindowStats[]): Stats {
  const sum = (name: "requests" | "searches" | "refused") =>
    windows.reduce((all, window) => all + window[name], 0);
  const { answered: _, ...counts } = tally;
  return structuredClone({
    requests: sum("requests"),
    searches: sum("searches"),
    refused: sum("refused"),
    ...counts,
    windows: [...windows],
  });
}

/** Counts a search that was answered well, and whether it had been before. */
export function countAnswered(tally: Tally, request: string): void {
  const key = String(Bun.hash(request));
  if (tally.answered.has(key)) tally.duplicates++;
  tally.answered.add(key);
}
