/**
 * Bad days on request: answers that fail, lie or break off, at rates the user chose. Which request meets
 * which fault follows from the seed and from the order in which the requests come.
 */
import { AppError } from "../lib/errors.ts";
import { type Answer, Refusal } from "./answers.ts";
import { fraction, hash } from "./random.ts";

export const FAULT_KINDS = [
  "500",
  "502",
  "503",
  "429",
  "reset",
  "cut",
  "badjson",
  "html",
  "shape",
  "timedout",
  "short",
  "slow",
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** The share of requests, 0 to 1, that meets each kind of fault. */
export type FaultMix = Readonly<Partial<Record<FaultKind, number>>>;

/** What a fault does to an answer: the answer itself, and how it is to be sent. */
export type Faulted = { readonly answer: Answer; readonly delivery: Delivery };

/** `hangup` closes the connection unanswered, `reset` after the head, `cut` in the middle of the body. */
export type Delivery = "whole" | "hangup" | "reset" | "cut" | "badjson" | "slow";

const HINT = 'a rate for all kinds ("5%" or "0.05") or a rate for each kind ("500=2%,reset=1%")';

/** Reads a mix of faults as the command line has it; throws a usage error where it is not one. */
export function parseFaults(text: string): FaultMix {
  const total = parseRate(text);
  if (total !== null) {
    return Object.fromEntries(FAULT_KINDS.map((kind) => [kind, total / FAULT_KINDS.length]));
  }
  const mix: Partial<Record<FaultKind, number>> = {};
  for (const part of text.split(",")) {
    const [kind = "", rate, more] = part.split("=").map((piece) => piece.trim());
    if (kind === "") throw unknown(text, "a rate is missing");
    if (rate === undefined && /^[\d.]/.test(kind))
      throw unknown(text, `"${kind}" is not a rate from 0 to 100%`);
    if (!isFaultKind(kind)) throw unknown(text, `there is no fault "${kind}"`);
    const share = parseRate(rate ?? "");
    if (share === null || more !== undefined)
      throw unknown(text, `"${rate ?? ""}" is not a rate from 0 to 100%`);
    if (mix[kind] !== undefined) throw unknown(text, `${kind} is there twice`);
    mix[kind] = share;
  }
  const sum = Object.values(mix).reduce((all, share) => all + share, 0);
  if (sum > 1) throw unknown(text, `the rates add up to ${Math.round(sum * 100)}%`);
  return mix;
}

function unknown(text: string, why: string): AppError {
  return new AppError("usage", `can not read the faults "${text}": ${why}`, {
    at: "--faults",
    hint: `${HINT}; kinds: ${FAULT_KINDS.join(", ")}`,
  });
}

function isFaultKind(text: string): text is FaultKind {
  return (FAULT_KINDS as readonly string[]).includes(text);
}

/** `5%` and `0.05` are both one in twenty; null when the text is not a share of 0 to 1. */
function parseRate(text: string): number | null {
  const [, digits, percent] = /^(\d+(?:\.\d+)?|\.\d+)(%?)$/.exec(text.trim()) ?? [];
  if (digits === undefined) return null;
  const share = percent === "%" ? Number(digits) / 100 : Number(digits);
  return share <= 1 ? share : null;
}

export type Faults = {
  /** The fault that the next request meets, or null. */
  readonly draw: () => FaultKind | null;
  /** Does a fault to an answer; `now` is the server's clock in ms. Null when the answer is not one it can be done to. */
  readonly apply: (kind: FaultKind, answer: Answer, now: number) => Faulted | null;
};

export function createFaults(mix: FaultMix, seed: number): Faults {
  let drawn = 0;
  const used = { "429": 0, shape: 0, reset: 0 };
  return {
    draw: () => {
      let left = fraction(hash(seed, 4242), drawn++);
      for (const kind of FAULT_KINDS) {
        left -= mix[kind] ?? 0;
        if (left < 0) return kind;
      }
      return null;
    },
    apply: (kind, answer, now) => {
      if (kind === "429") {
        const headers = limitHeaders(used["429"]++, now);
        return { answer: new Refusal(429).answer(headers), delivery: "whole" };
      }
      if (kind === "shape") {
        const body = OTHER_SHAPES[used.shape++ % OTHER_SHAPES.length];
        return { answer: { status: 200, body }, delivery: "whole" };
      }
      if (kind === "reset") return { answer, delivery: used.reset++ % 2 === 0 ? "reset" : "hangup" };
      return DOINGS[kind](answer);
    },
  };
}

/** The ways in which a server may say when to come back: in a second, in each case. */
function limitHeaders(nth: number, now: number): Record<string, string> {
  const soon = now + 1_000;
  return [
    { "retry-after": "1" },
    // A date has whole seconds: the next one that is at least a second away.
    { "retry-after": new Date(Math.ceil(soon / 1000) * 1000).toUTCString() },
    { "x-ratelimit-reset": String(Math.ceil(soon / 1000)) },
    { "x-ratelimit-reset": String(soon) },
    { "x-ratelimit-reset": "1" },
    {},
  ][nth % 6] as Record<string, string>;
}

const OTHER_SHAPES: readonly unknown[] = [
  { status: "ok" },
  [],
  { data: null, meta: {} },
  { data: { id: 7 } },
  null,
];

const PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";

const DOINGS: Readonly<
  Record<Exclude<FaultKind, "429" | "shape" | "reset">, (answer: Answer) => Faulted | null>
> = {
  "500": () => ({ answer: new Refusal(500).answer(), delivery: "whole" }),
  "502": () => ({
    answer: { status: 502, headers: { "content-type": "text/html" }, body: PAGE },
    delivery: "whole",
  }),
  "503": () => ({
    answer: { status: 503, headers: { "content-type": "text/plain" }, body: "" },
    delivery: "whole",
  }),
  cut: (answer) => ({ answer, delivery: "cut" }),
  badjson: (answer) => ({ answer, delivery: "badjson" }),
  html: () => ({
    answer: { status: 200, body: "<!doctype html><title>Sign in</title><p>Please sign in." },
    delivery: "whole",
  }),
  timedout: ({ page, ...answer }) => {
    if (page === undefined) return null;
    const data = page.data.slice(0, Math.floor(page.data.length / 2));
    return {
      answer: { ...answer, body: { ...page, meta: { ...page.meta, timed_out: true }, data } },
      delivery: "whole",
    };
  },
  short: ({ page, ...answer }) => {
    if (page === undefined || page.data.length === 0) return null;
    const data = page.data.slice(0, Math.floor(page.data.length * 0.7));
    return { answer: { ...answer, body: { ...page, data } }, delivery: "whole" };
  },
  slow: (answer) => ({ answer, delivery: "slow" }),
};
