/** Finds what somebody who mistyped a command, a flag or a stream probably meant. */

/** The candidate nearest to `typed`, or null when none is near enough to be worth saying. */
export function suggest(typed: string, candidates: Iterable<string>): string | null {
  const wanted = typed.toLowerCase();
  const limit = Math.ceil(wanted.length / 3);
  let best: { name: string; distance: number } | null = null;
  for (const name of candidates) {
    const begins = wanted.length >= 3 && (name.startsWith(wanted) || wanted.startsWith(name));
    const distance = begins ? Math.min(1, editDistance(wanted, name)) : editDistance(wanted, name);
    if (distance <= limit && (best === null || distance < best.distance)) best = { name, distance };
  }
  return best?.name ?? null;
}

/** Edits from one word to the other: a letter added, left out, changed, or swapped with its neighbour. */
export function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) cost = Math.min(cost, before[column - 2]! + 1);
      current.push(cost);
    }
    before = last;
    last = current;
  }
  return last[to.length]!;
}
