/**
 * Ends the reading of a stream that gets nowhere. Pages that prove nothing are asked again, in smaller parts, and
 * that ends where a server tells what is so. One that goes on saying what cannot be is not asked for ever.
 */
import { AppError } from "../lib/errors.ts";

/** At most this many requests may prove nothing, whatever else came: to halve all of time down to one instant takes 50 of them. */
const MOST = 600;
/** And at most this many more for each one that brought rows and proved something. */
const MOST_FOR_EACH = 4;

export class Patience {
  #fruitful = 0;
  #fruitless = 0;
  #why = "they were empty";

  /** A request brought rows, and what it was asked for is read. */
  reward(): void {
    this.#fruitful += 1;
  }

  /** A request brought nothing that counts, and why, unless it was empty; throws `api` when there were too many. */
  spend(why: string | null): void {
    this.#fruitless += 1;
    this.#why = why ?? this.#why;
    if (this.#fruitless <= MOST + MOST_FOR_EACH * this.#fruitful) return;
    throw new AppError(
      "api",
      `${this.#fruitless} searches proved nothing; the last that were not empty: ${this.#why}`,
      {
        hint: "what came is kept; see https://status.kustomer.com, then run sync again",
      },
    );
  }
}
