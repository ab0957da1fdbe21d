/**
 * What an option is, as data: its kind says how its text is read, whether it came from a flag, from the
 * environment or is the default, and which type the command receives. A value that its kind does not allow
 * never reaches a command.
 */

import { formatCount } from "../lib/amounts.ts";
import { formatBytes, parseSize } from "../lib/bytes.ts";
import { formatDuration, formatTime, parseDate, parseDuration } from "../lib/time.ts";
import { quote } from "./quote.ts";
import { suggest } from "./suggest.ts";

type Shared = {
  /** One short line for `--help`. */
  readonly summary: string;
  /** The environment variable read when the flag is not given; an empty one counts as unset. */
  readonly env?: string;
  /** Options of one group exclude each other, and a flag of the group outranks every variable of it. */
  readonly oneOf?: string;
  /** What the value is called in `--help`. */
  readonly placeholder?: string;
  /** Flags that people try instead, and what to tell them. */
  readonly mistaken?: { readonly flags: readonly string[]; readonly say: string };
};

/** Written as a user would write it, and read the same way. */
type Default = { readonly default?: string };
type Range = { readonly min?: number; readonly max?: number };

export type Option = Shared &
  (
    | { readonly kind: "boolean" }
    /** `check` throws an AppError where the text cannot be used; its message may begin with the flag. */
    | ({
        readonly kind: "string";
        readonly example: string;
        readonly check?: (text: string) => void;
      } & Default)
    | ({ readonly kind: "path"; readonly example: string } & Default)
    | ({ readonly kind: "integer" } & Range & Default)
    | ({ readonly kind: "number" } & Range & Default)
    /** `min` and `max` are milliseconds. */
    | ({ readonly kind: "duration" } & Range & Default)
    /** `min` and `max` are bytes. */
    | ({ readonly kind: "size" } & Range & Default)
    | ({ readonly kind: "time" } & Default)
    | ({ readonly kind: "enum"; readonly choices: readonly string[] } & Default)
    /** May be repeated, and takes several values with commas between them. */
    | {
        readonly kind: "list";
        readonly of: string;
        readonly choices?: readonly string[];
        readonly example: string;
      }
  );

/** Options by their name in code; `apiKeyFile` is the flag `--api-key-file`. */
export type OptionTable = Readonly<Record<string, Option>>;

export type Value = string | number | boolean | readonly string[];

type ValueOfKind<O extends Option> = O extends { kind: "boolean" }
  ? boolean
  : O extends { kind: "list" }
    ? readonly string[]
    : O extends { kind: "enum"; choices: readonly (infer Choice)[] }
      ? Choice
      : O extends { kind: "string" | "path" }
        ? string
        : number;

/** Milliseconds for a duration, bytes for a size, milliseconds since the epoch for a time; undefined where nothing was given. */
export type ValueOf<O extends Option> = O extends { kind: "boolean" | "list" } | { default: string }
  ? ValueOfKind<O>
  : ValueOfKind<O> | undefined;

export type Values<T extends OptionTable> = { readonly [Name in keyof T]: ValueOf<T[Name]> };

export type Reading = { readonly value: Value; readonly note?: string } | { readonly problem: string };

/** Reads an option's text as its kind asks; `problem` and `note` are worded to follow the flag's name. */
export function readValue(option: Exclude<Option, { kind: "boolean" }>, text: string): Reading {
  switch (option.kind) {
    case "path":
    case "string":
      return { value: text };
    case "integer":
      return within(option, readInteger(text), `"${text}" is not a whole number`, formatCount);
    case "number":
      return within(option, readNumber(text), `"${text}" is not a number`, String);
    case "duration":
      return within(
        option,
        parseDuration(text),
        `"${text}" is not a duration (90s, 15m, 2h, 1d, 2w)`,
        formatDuration,
      );
    case "size":
      return within(option, parseSize(text), `"${text}" is not a size (512kB, 64MB, 1GiB)`, formatBytes);
    case "time":
      return readDate(text);
    case "enum": {
      const value = option.choices.find((choice) => choice === text.toLowerCase());
      return value === undefined ? { problem: notAmong(text, option.choices) } : { value };
    }
    case "list": {
      const items = [...new Set(text.split(",").map((item) => item.trim()))].filter((item) => item !== "");
      if (items.length === 0) return { problem: `"${text}" names no ${option.of}` };
      const stranger = items.find((item) => option.choices?.includes(item) === false);
      if (stranger === undefined) return { value: items };
      return { problem: notAmong(stranger, option.choices ?? []) };
    }
  }
}

/** A value that the option accepts, to show in messages. */
export function exampleOf(option: Exclude<Option, { kind: "boolean" }>): string {
  if ("example" in option) return option.example;
  if (option.default !== undefined) return option.default;
  switch (option.kind) {
    case "integer":
    case "number":
      return String(option.min ?? 1);
    case "duration":
      return "60s";
    case "size":
      return "64MB";
    case "time":
      return "2024-01-31, 2024-01-31T08:00:00Z, 01/31/2024, yesterday or 7d";
    case "enum":
      return option.choices.join("|");
  }
}

/** Says that a text is none of the choices: which they are, and the one that was probably meant. */
export function notAmong(text: string, choices: readonly string[]): string {
  const meant = suggest(text, choices);
  const guess = meant === null ? "" : ` (did you mean ${meant}?)`;
  return `${quote(text)} is not one of ${choices.join(", ")}${guess}`;
}

/** The flag of an option's name in code, without dashes: `apiKeyFile` is `api-key-file`. */
export function flagName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The value, when there is one and it is in range; else the problem, with the range it should have been in. */
function within(
  { min = -Infinity, max = Infinity }: Range,
  value: number | null,
  problem: string,
  show: (limit: number) => string,
): Reading {
  if (value !== null && value >= min && value <= max) return { value };
  if (min > -Infinity && max < Infinity) return { problem: `${problem} from ${show(min)} to ${show(max)}` };
  if (min > -Infinity) return { problem: `${problem} of at least ${show(min)}` };
  return { problem: max < Infinity ? `${problem} of at most ${show(max)}` : problem };
}

function readInteger(text: string): number | null {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : null;
}

function readNumber(text: string): number | null {
  const value = /^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : null;
}

/** What could be read two ways is read with the month first, and the reader is told so. */
function readDate(text: string): Reading {
  const date = parseDate(text);
  if (date === null) return { problem: `"${text}" is not a date that exists (year-month-day)` };
  if (!date.isEitherWay) return { value: date.at };
  const day = formatTime(date.at).slice(0, 10);
  return {
    value: date.at,
    note: `"${text}" is read month first, as ${day}; written like that it is certain`,
  };
}
