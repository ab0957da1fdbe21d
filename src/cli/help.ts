/** Help texts, made of the same tables that the command line is read by, and as wide as the terminal. */
import { type ArgsDef, type CommandDef, renderUsage } from "citty";
import { VERSION } from "../lib/version.ts";
import type { Command } from "./command.ts";
import { flagName, type OptionTable } from "./option-kinds.ts";
import type { Grammar } from "./parse.ts";
import { outputOptions } from "./shared-options.ts";
import { displayWidth, pad, type TableOptions } from "./table.ts";
import { wrap } from "./wrap.ts";

const PROGRAM: CommandDef = {
  meta: {
    name: "kustomer-sync",
    version: VERSION,
    description: "Keep a complete, queryable copy of a Kustomer account in one SQLite file",
  },
};

const BUILT_IN = {
  help: { type: "boolean", alias: "h", description: "print this help" },
  version: { type: "boolean", alias: "v", description: "print the version" },
} as const satisfies ArgsDef;

/** What the program itself answers, and the words of it. */
export const BUILT_IN_COMMANDS = {
  version: {
    name: "version",
    summary: "print the version, with --json those of Bun and SQLite too",
    options: outputOptions,
    positionals: [],
  },
  help: {
    name: "help",
    summary: "show how the program is used, or one command of it",
    options: outputOptions,
    positionals: [{ name: "command", summary: "the command to explain", optional: true }],
  },
} as const satisfies Record<string, Grammar & { readonly summary: string }>;

type Look = Required<TableOptions>;

/** A space at which no line is broken. */
const JOINT = "\u00a0";
/** What is narrower than this is no column to read in. */
const LEAST_COLUMN = 30;

/** The help of the program: its commands, and the first example of each. */
export async function programHelp(commands: readonly Command[], look: Look): Promise<string> {
  const listed = [...commands, ...Object.values(BUILT_IN_COMMANDS)];
  const subCommands = Object.fromEntries(listed.map((command) => [command.name, asUsage(command)]));
  const usage = await renderUsage<ArgsDef>({ ...PROGRAM, subCommands, args: BUILT_IN });
  return finish(
    usage,
    commands.flatMap(({ examples }) => examples.slice(0, 1)),
    look,
  );
}

/** The help of one command: usage, options with defaults and variables, examples. */
export async function commandHelp(command: Command, look: Look): Promise<string> {
  return finish(await renderUsage(asUsage(command), PROGRAM), command.examples, look);
}

/** The table of a command in the form that citty draws. */
function asUsage({ name, summary, positionals, options }: Omit<Command, "examples" | "run">): CommandDef {
  const words = positionals.map(({ name, summary, optional, variadic }): [string, ArgsDef[string]] => [
    variadic ? `${name}...` : name,
    { type: "positional", description: summary, required: optional !== true },
  ]);
  return {
    meta: { name, description: summary },
    args: { ...Object.fromEntries(words), ...asArgs(options), ...BUILT_IN },
  };
}

function asArgs(options: OptionTable): ArgsDef {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]): [string, ArgsDef[string]] => {
      const notes = [
        option.kind === "list" ? "repeatable" : "",
        "default" in option && option.default !== undefined ? `default:${JOINT}${option.default}` : "",
        option.env === undefined ? "" : `env:${JOINT}${option.env}`,
      ].filter(Boolean);
      const description = notes.length === 0 ? option.summary : `${option.summary} (${notes.join(", ")})`;
      if (option.kind === "boolean") return [flagName(name), { type: "boolean", description }];
      if (option.kind === "enum")
        return [flagName(name), { type: "enum", options: [...option.choices], description }];
      return [flagName(name), { type: "string", valueHint: option.placeholder ?? option.kind, description }];
    }),
  );
}

function finish(usage: string, examples: Command["examples"], { color, width }: Look): string {
  const lines = [
    ...usage
      .trimEnd()
      .split("\n")
      .flatMap((line) => fitted(line, width)),
    "",
    "\x1b[4m\x1b[1mEXAMPLES\x1b[22m\x1b[24m",
    "",
    ...exampleLines(examples, width),
  ];
  const shown = `${lines.join("\n").replaceAll(JOINT, " ")}\n`;
  // citty colours by its own reading of the environment and does not ask whether a terminal is there.
  return (color ? shown : Bun.stripANSI(shown)).replace(/ +$/gm, "");
}

/** Breaks a line of citty's, what follows its column of names staying in its own column. */
function fitted(line: string, width: number): string[] {
  const names = /^ *\S(?:.*?\S)? {4}(?=\S)/.exec(line)?.[0] ?? "";
  const column = displayWidth(names);
  if (names === "" || width - column >= LEAST_COLUMN) return wrap(line, width, " ".repeat(column || 2));
  const indent = " ".repeat(4);
  return [`  ${names.trim()}`, ...wrap(indent + line.slice(names.length), width, indent)];
}

/** Each example beside its purpose, or where that does not fit, above it. */
function exampleLines(examples: Command["examples"], width: number): string[] {
  const longest = Math.max(0, ...examples.map(([line]) => line.length));
  const beside = examples.map(([line, purpose]) => `  ${pad(line, { width: longest })}    ${purpose}`);
  if (beside.every((line) => displayWidth(line) <= width)) return beside;
  return examples.flatMap(([line, purpose]) => [
    ...wrap(`  ${line}`, width - 2, "    ").map((part, at, all) =>
      at < all.length - 1 ? `${part} \\` : part,
    ),
    ...wrap(`      ${purpose}`, width, "      "),
  ]);
}
