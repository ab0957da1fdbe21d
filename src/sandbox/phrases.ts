/** The shape of a phrase book, and how its templates are filled. `{name}` and the like stand for the slots. */
import type { Language } from "./people.ts";
import { ENGLISH } from "./phrases-english.ts";
import { FRENCH, GERMAN, PORTUGUESE, SPANISH } from "./phrases-europe.ts";
import { ARABIC, HINDI, JAPANESE } from "./phrases-world.ts";

export const TOPICS = [
  "late",
  "damaged",
  "wrong",
  "return",
  "refund",
  "size",
  "discount",
  "address",
  "cancel",
  "invoice",
] as const;

export type Topic = (typeof TOPICS)[number];

/** What is said about one topic: the customer's subject line and opening, the agent's answer. */
export type TopicPhrases = {
  readonly subject: string;
  readonly asks: readonly string[];
  readonly replies: readonly string[];
};

export type Phrasebook = Readonly<Record<Topic, TopicPhrases>> & {
  readonly greetings: readonly string[];
  readonly closings: readonly string[];
  readonly follows: readonly string[];
  readonly hello: readonly string[];
  readonly bye: readonly string[];
};

export const PHRASES: Readonly<Record<Language, Phrasebook>> = {
  en: ENGLISH,
  de: GERMAN,
  fr: FRENCH,
  es: SPANISH,
  pt: PORTUGUESE,
  ja: JAPANESE,
  ar: ARABIC,
  hi: HINDI,
};

export type Slots = Readonly<
  Record<"name" | "agent" | "order" | "product" | "city" | "days" | "amount" | "carrier", string>
>;

/** Fills a template's slots. */
export function fill(template: string, slots: Slots): string {
  return template.replace(/\{(\w+)\}/g, (whole, slot: string) => slots[slot as keyof Slots] ?? whole);
}
