/**
 * The end of a full read: live rows that it did not see are gone, unless they moved. A row that changed while
 * everything was read may have gone from what was still to be read to what had been; so what changed since is
 * read again, round by round, until a round meets none of them any more.
 */

/** One reading of what changed since the one before; the full read itself is the first. */
export type Round = {
  readonly number: number;
  /** How many live rows had not been seen when it began; null for the first. */
  readonly unseen: number | null;
  /** True when it left out what changed while it went on. */
  readonly leftNews: boolean;
};

const MOST_ROUNDS = 6;

export const FIRST_ROUND: Round = { number: 1, unseen: null, leftNews: false };

/** What follows a round after which so many live rows have not been seen. */
export function afterRound(round: Round, unseen: number): "end" | "again" | "later" {
  if (unseen === 0 || (unseen === round.unseen && !round.leftNews)) return "end";
  return round.number < MOST_ROUNDS ? "again" : "later";
}
