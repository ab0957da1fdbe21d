/**
 * Turns an argument list and the environment into the values of a command's table. Everything on the command
 * line is accounted for: what the table does not know, or does not allow there, is a usage error. Flags
 * outrank the environment, which outranks the defaults.
 */
import { parseArgs } from "node:util";
import { AppError } from "../lib/errors.ts";
import {
  exampleOf,
  flagName,
  notAmong,
  type Option,
  type OptionTable,
  readValue,
  type Value,
} from "./option-kinds.ts";
import { KEY_IS_NO_ARGUMENT, mayBeKey, quote } from "./quote.ts";
import { suggest } from "./suggest.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export type Positional = {
  readonly name: string;
  readonly summary: string;
  readonly optional?: true;
  /** Takes all that follow; only the last can. */
  readonly variadic?: true;
  readonly choices?: readonly string[];
};

export type PositionalValues<P extends readonly Positional[]> = {
  readonly [One in P[number] as One["name"]]: One extends { variadic: true }
    ? readonly string[]
    : One extends { optional: true }
      ? string | undefined
      : string;
};

/** What a command line is checked against; `name` is empty for the program itself. */
export type Grammar = {
  readonly name: string;
  readonly options: OptionTable;
  readonly positionals: readonly Positional[];
};

export type CommandLine = {
  /** What a person should know of how a value was read. */
  readonly notes: readonly string[];
  readonly values: Readonly<Record<string, Value | undefined>>;
  readonly positionals: Readonly<Record<string, string | readonly string[] | undefined>>;
};

/** `--help` and `--version` end the matter, whatever else the command line holds. */
export type Parsed = { readonly ask: "help" | "version" } | ({ readonly ask: null } & CommandLine);

const BUILT_IN: readonly string[] = ["help", "version"];

/** The usage line of a command: `kustomer-sync load STREAM FILE...`. */
export function usageLine({ name, positionals }: Pick<Grammar, "name" | "positionals">): string {
  const words = positionals.map(({ name, optional, variadic }) => {
    const word = `${name.toUpperCase()}${variadic ? "..." : ""}`;
    return optional ? `[${word}]` : word;
  });
  return ["kustomer-sync", ...(name === "" ? [] : [name]), ...words].join(" ");
}

/** Reads `argv` (what follows the command's name); throws `usage` at the first thing that is wrong. */
export function parseCommandLine(grammar: Grammar, argv: readonly string[], env: Environment): Parsed {
  const byFlag = new Map(
    Object.entries(grammar.options).map(([name, option]) => [flagName(name), { name, option }]),
  );
  // Not strict: strict mode's errors name neither the command nor what was meant, in words that are the
  // runtime's. Each token is checked here against the table in its stead.
  const { tokens, positionals } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: Object.fromEntries([
      ...[...byFlag].map(([flag, { option }]) => [
        flag,
        { type: option.kind === "boolean" ? ("boolean" as const) : ("string" as const), multiple: true },
      ]),
      ["help", { type: "boolean", short: "h" }],
      ["version", { type: "boolean", short: "v" }],
    ]),
  });
  const given = tokens.filter((token) => token.kind === "option");
  const ask = given.find(({ name, value }) => value === undefined && BUILT_IN.includes(name));
  if (ask !== undefined) return { ask: ask.name as "help" | "version" };

  const texts = new Map<string, string[]>();
  for (const { name: flag, rawName, value, inlineValue, index } of given) {
    const known = byFlag.get(flag);
    if (BUILT_IN.includes(flag)) throw takesNoValue(rawName);
    if (known === undefined) throw unknownOption(grammar, rawName, argv[index] ?? rawName);
    const earlier = texts.get(known.name) ?? [];
    texts.set(known.name, [...earlier, readText(rawName, known.option, value, inlineValue === true)]);
    if (known.option.kind !== "list" && known.option.kind !== "boolean" && earlier.length > 0) {
      throw new AppError("usage", `${rawName} is given twice`, {
        at: grammar.name || undefined,
        hint: "give it once",
      });
    }
  }
  const notes: string[] = [];
  return {
    ask: null,
    notes,
    values: readValues(grammar, texts, env, (note) => notes.push(note)),
    positionals: readPositionals(grammar, positionals),
  };
}

/** The text given with a flag; boolean flags have none, and all others need one. */
function readText(flag: string, option: Option, value: string | undefined, inline: boolean): string {
  if (option.kind === "boolean") {
    if (value === undefined) return "";
    throw takesNoValue(flag);
  }
  // A negative number is a value, judged as such; any other word with a dash is the next flag.
  const isFlag = !inline && value !== undefined && /^-(?!$|\.?\d)/.test(value);
  if (value !== undefined && value.trim() !== "" && !isFlag) return value;
  const dashed = isFlag ? `; or, for a value that begins with a dash, ${flag}=VALUE` : "";
  throw new AppError("usage", "needs a value", { at: flag, hint: `${flag} ${exampleOf(option)}${dashed}` });
}

function readValues(
  grammar: Grammar,
  texts: ReadonlyMap<string, readonly string[]>,
  env: Environment,
  tell: (note: string) => void,
): CommandLine["values"] {
  const entries = Object.entries(grammar.options);
  const fromEnv = (option: Option) =>
    option.env === undefined ? undefined : env[option.env]?.trim() || undefined;
  for (const group of new Set(entries.flatMap(([, { oneOf }]) => oneOf ?? []))) {
    const members = entries.filter(([, { oneOf }]) => oneOf === group);
    const flags = members.filter(([name]) => texts.has(name)).map(([name]) => `--${flagName(name)}`);
    const variables = members.filter(([, option]) => fromEnv(option) !== undefined).map(([, { env }]) => env);
    const clash = flags.length > 0 ? flags : variables;
    if (clash.length < 2) continue;
    const ways = members.map(([name]) => `--${flagName(name)}`).join(", ");
    const hint = flags.length > 0 ? `give one of ${ways}` : `unset all but one, or give one of ${ways}`;
    throw new AppError("usage", `${clash.join(" and ")} exclude each other`, { hint });
  }
  const groupsGiven = new Set(entries.flatMap(([name, { oneOf }]) => (texts.has(name) ? (oneOf ?? []) : [])));
  return Object.fromEntries(
    entries.map(([name, option]): [string, Value | undefined] => {
      const flags = texts.get(name);
      if (option.kind === "boolean") return [name, flags !== undefined];
      const outranked = option.oneOf !== undefined && groupsGiven.has(option.oneOf);
      const variable = flags === undefined && !outranked ? fromEnv(option) : undefined;
      const text = flags?.join(",") ?? variable ?? ("default" in option ? option.default : undefined);
      if (text === undefined) return [name, option.kind === "list" ? [] : undefined];
      const flag = `--${flagName(name)}`;
      const [at, way] = variable === undefined ? [flag, `${flag} `] : [option.env, `${option.env}=`];
      const reading = readValue(option, text);
      if ("problem" in reading) {
        throw new AppError("usage", reading.problem, { at, hint: `${way}${exampleOf(option)}` });
      }
      if (reading.note !== undefined) tell(`${at}: ${reading.note}`);
      if (option.kind === "string") check(option, text, flag, variable === undefined ? null : option.env!);
      return [name, reading.value];
    }),
  );
}

/** Runs an option's own check; what it says of the flag is said of the variable where the text came from that. */
function check(
  option: Extract<Option, { kind: "string" }>,
  text: string,
  flag: string,
  variable: string | null,
) {
  try {
    option.check?.(text);
  } catch (error) {
    if (!(error instanceof AppError) || variable === null) throw error;
    const message = error.message.replace(new RegExp(`^${flag}:? `), "");
    throw new AppError(error.code, message, { at: variable, hint: error.hint, cause: error });
  }
}

function readPositionals(grammar: Grammar, given: readonly string[]): CommandLine["positionals"] {
  const hint = usageLine(grammar);
  const at = grammar.name || undefined;
  const rest = [...given];
  const entries = grammar.positionals.map((positional): [string, string | readonly string[] | undefined] => {
    const { name, optional, variadic, choices } = positional;
    const words = rest.splice(0, variadic ? rest.length : 1);
    if (words.length === 0 && !optional) {
      throw new AppError("usage", `${name.toUpperCase()} is missing`, { at, hint });
    }
    if (words.includes("")) throw new AppError("usage", `${name.toUpperCase()} is empty`, { at, hint });
    if (choices === undefined) return [name, variadic ? words : words[0]];
    const stranger = words.find((word) => !choices.includes(word));
    if (stranger !== undefined) {
      throw new AppError("usage", `${name.toUpperCase()} ${notAmong(stranger, choices)}`, {
        at,
        hint: mayBeKey(stranger) ? KEY_IS_NO_ARGUMENT : hint,
      });
    }
    return [name, variadic ? [...new Set(words)] : words[0]];
  });
  const [unexpected] = rest;
  if (unexpected !== undefined) {
    throw new AppError("usage", `unexpected argument ${quote(unexpected)}`, {
      at,
      hint: mayBeKey(unexpected) ? KEY_IS_NO_ARGUMENT : hint,
    });
  }
  return Object.fromEntries(entries);
}

function takesNoValue(flag: string): AppError {
  return new AppError("usage", "takes no value", { at: flag, hint: flag });
}

/** Names the flag but never what came with it, which may be a secret. */
function unknownOption(grammar: Grammar, rawName: string, word: string): AppError {
  const typed = word.replace(/^-+/, "").replace(/=.*$/s, "");
  const help = `${["kustomer-sync", grammar.name].filter(Boolean).join(" ")} --help`;
  const entry = Object.values(grammar.options).find(({ mistaken }) => mistaken?.flags.includes(typed));
  const meant = suggest(typed, [...Object.keys(grammar.options).map(flagName), ...BUILT_IN]);
  const guess = entry === undefined && meant !== null ? ` (did you mean --${meant}?)` : "";
  return new AppError("usage", `unknown option ${rawName}${guess}`, {
    at: grammar.name || undefined,
    hint: entry?.mistaken?.say ?? help,
  });
}
