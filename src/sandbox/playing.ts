/**
 * Which quirks the server plays at the moment. They may be changed at any time and take effect with the next
 * request; what begins with a quirk (the index stops, edits are counted) begins when it is switched on, and goes on
 * undisturbed while it stays on.
 */
import { createHitEdits, type HitEdits } from "./hit-edits.ts";
import type { Quirks } from "./quirks.ts";
import { createSearch, type Search } from "./search.ts";
import { copyWorld, type World } from "./world.ts";

export type Playing = {
  readonly quirks: () => Quirks;
  /** Plays these quirks and no others from now on. */
  readonly play: (quirks: Quirks) => void;
  /** The standard search, with the index that it has at the moment. */
  readonly search: Search;
  readonly searchArchive: Search;
};

/** Starts to play; `clock` is the server's, ms. */
export function createPlaying(world: World, clock: () => number, first: Quirks): Playing {
  const live = createSearch(world);
  let quirks: Quirks = {};
  let stalled: Search | null = null;
  let editHits: HitEdits = createHitEdits(world);
  const play = (next: Quirks): void => {
    if (next.indexStalled !== true) stalled = null;
    else stalled ??= stallIndex(world, clock());
    if (quirks.hitsEdited === undefined) editHits = createHitEdits(world);
    for (const table of Object.values(world.tables)) table.deletesStand = next.deletesStand ?? false;
    quirks = { ...next };
  };
  play(first);
  return {
    quirks: () => quirks,
    play,
    search: (query, params, options) =>
      (stalled ?? live)(query, params, {
        ...options,
        beforeFetch: (stream, rows) => editHits(stream, rows, options.now, options.quirks),
      }),
    searchArchive: live,
  };
}

/**
 * A search index that stands still at the instant `now` (ms): it goes on answering from what it knew then (which rows
 * match, in which order, how many there are) and takes no note of what is created, changed or deleted since. The rows
 * that it finds are fetched as they are now, so that a page may hold rows newer than the place in which they stand, and
 * lack those that were purged.
 */
export function stallIndex(world: World, now: number): Search {
  return createSearch(world, { world: copyWorld(world), stoppedAt: now });
}
