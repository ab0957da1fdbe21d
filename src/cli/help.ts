/** Help texts, made of the same tables that the command line is read by. */
import { type ArgsDef, type CommandDef, renderUsage } from "citty";
import { VERSION } from "../lib/version.ts";
import type { Command } from "./command.ts";
import { flagName, type OptionTable } from "./option.ts";
import { outputOptions } from "./options.ts";
import type { Grammar } from "./parse.ts";
import { pad } from "./table.ts";

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

/** The help of the program: its commands, and the first example of each. */
export async function programHelp(commands: readonly Command[], color: boolean): Promise<string> {
  const listed = [...commands, ...Object.values(BUILT_IN_COMMANDS)];
  const subCommands = Object.fromEntries(listed.map((command) => [command.name, asUsage(command)]));
  const usage = await renderUsage<ArgsDef>({ ...PROGRAM, subCommands, args: BUILT_IN });
  return finish(
    usage,
    commands.flatMap(({ examples }) => examples.slice(0, 1)),
    color,
  );
}

/** The help of one command: usage, options with defaults and variables, examples. */
export async function commandHelp(command: Command, color: boolean): Promise<string> {
  return finish(await renderUsage(asUsage(command), PROGRAM), command.examples, color);
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
        "default" in option && option.default !== undefined ? `default: ${option.default}` : "",
        option.env === undefined ? "" : `env: ${option.env}`,
      ].filter(Boolean);
      const description = notes.length === 0 ? option.summary : `${option.summary} (${notes.join(", ")})`;
      if (option.kind === "boolean") return [flagName(name), { type: "boolean", description }];
      if (option.kind === "enum")
        return [flagName(name), { type: "enum", options: [...option.choices], description }];
      return [flagName(name), { type: "string", valueHint: option.placeholder ?? option.kind, description }];
    }),
  );
}

function finish(usage: string, examples: Command["examples"], color: boolean): string {
  const width = Math.max(0, ...examples.map(([line]) => line.length));
  const lines = examples.map(([line, purpose]) => `  ${pad(line, { width })}    ${purpose}`);
  const shown = `${usage.trimEnd()}\n\n\x1b[4m\x1b[1mEXAMPLES\x1b[22m\x1b[24m\n\n${lines.join("\n")}\n`;
  // citty colours by its own reading of the environment and does not ask whether a terminal is there.
  return (color ? shown : Bun.stripANSI(shown)).replace(/ +$/gm, "");
}
