/** What a lie is. A lie changes what is asked, answered or shown; the account stays as it is. */
import type { Account, Row } from "./account.ts";
import type { Ask } from "./ask.ts";
import type { Answer, View } from "./honest.ts";
import type { Kind } from "./kinds.ts";
import type { Difference } from "./oracle.ts";
import type { Random } from "./random.ts";

/** What a lie may look at while it is told. */
export type Teller = {
  readonly account: Account;
  readonly now: () => number;
  readonly random: Random;
  /** The truth, to any question, or what an index would say that has another view of the rows. */
  readonly honest: (ask: Ask, view?: View, old?: boolean) => Answer;
  /** Which of the lying syncs this is, from 0. */
  readonly turn: number;
  /** What this lie wants to remember, through all of its syncs. */
  readonly memory: Map<string, unknown>;
};

/** Told to every question it concerns, to a third of them, or to a few. */
export type HowOften = "always" | "some" | "few";

export type Lie = {
  readonly name: string;
  /** What is claimed, in a few words. */
  readonly about: string;
  readonly often: HowOften;
  /** The questions that it concerns; all of them where this is absent. */
  readonly of?: (ask: Ask) => boolean;
  /** The streams that are synced; all of them where this is absent. Fewer are quicker. */
  readonly streams?: readonly Kind[];
  /** What the server understands instead of what it was asked. */
  readonly mishear?: (ask: Ask, teller: Teller) => Ask;
  /** What it answers instead of the truth. */
  readonly tell?: (answer: Answer, ask: Ask, teller: Teller) => Answer;
  /** The Date header; null for none. */
  readonly date?: (now: number, teller: Teller) => string | null;
  /** How wrong this machine's clock is, in ms; of several, each for a second in turn. */
  readonly machine?: readonly number[];
  /** What is done before a lying sync; what it does to the index and to its border is undone when the lying is over. */
  readonly begin?: (teller: Teller) => void;
  /** Kustomer is like that, always: the honest syncs after it meet the same. */
  readonly forever?: true;
  /**
   * An answer contradicts itself or says that it is not whole: a stream of which rows are then missing may not be
   * called done by the very sync that was told so.
   */
  readonly visible?: true;
  /** The program is killed in each lying sync, and started again. */
  readonly kills?: true;
  /** Exit codes with which a sync may end that is lied to, beside those that any may. */
  readonly mayEnd?: readonly number[];
  /** `--timeout`, where the lie is to be waited for. */
  readonly timeout?: string;
  /** How many syncs it lasts, where that is not left to the seed. */
  readonly turns?: number;
  /** Which difference may be left in the end, because no sync can know better. */
  readonly excuses?: (row: Row, how: Difference["how"], teller: Teller) => boolean;
  /** The program of today loses rows by it, or does not end: what happens. The tests leave it out. */
  readonly todayLoses?: string;
};
