/**
 * A search index that stands still: it goes on answering from what it knew at one instant (which rows match, in
 * which order, how many there are) and takes no note of what is created, changed or deleted since. The rows that it
 * finds are fetched as they are now, so that a page may hold rows newer than the place in which they stand, and
 * lack those that were purged.
 */
import { createSearch, type Search } from "./search.ts";
import { copyWorld, type World } from "./world.ts";

/** Makes the search of an index that stops at the instant `now` (ms). */
export function stallIndex(world: World, now: number): Search {
  return createSearch(world, { world: copyWorld(world), stoppedAt: now });
}
