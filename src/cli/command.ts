/**
 * What a command is: a name, a table of what it accepts, and a `run` that receives values already read and
 * checked, with their types taken from the table.
 */
import type { AppError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Job } from "./github.ts";
import type { OptionTable, Values } from "./option-kinds.ts";
import type { CommandLine, Environment, Positional, PositionalValues } from "./parse.ts";
import type { Progress } from "./progress.ts";
import { outputOptions } from "./shared-options.ts";
import type { Cell, Column } from "./table.ts";

/** What every command receives beside its values. */
export type Surroundings = {
  readonly env: Environment;
  /** Talk for people, on stderr. */
  readonly log: Log;
  /** Says that the run was stopped, what it left undone, and how to go on; with `--quiet` too. */
  readonly sayStopped: (stopped: AppError, undone: string) => void;
  /** Writes data to stdout and waits until it is taken; false when nobody reads any more. */
  readonly out: (text: string | Uint8Array) => Promise<boolean>;
  /** Writes to stdout what is for people to read, a table or sentences; with `--quiet` nothing. */
  readonly show: (text: string) => Promise<boolean>;
  readonly showTable: (columns: readonly Column[], rows: readonly (readonly Cell[])[]) => Promise<boolean>;
  /** Writes one JSON object, on one line, to stdout. */
  readonly outJson: (value: object) => Promise<boolean>;
  /** The job of a CI that this run is a part of. */
  readonly job: Job;
  /** Aborted, with an AppError `interrupted` as its reason, by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Sets the exit code of a run that returns none. */
  readonly exit: (code: number) => void;
  readonly outIsTTY: boolean;
  /** Columns of the terminal that stdout is, or is taken to be. */
  readonly width: number;
  /**
   * Starts the display on stderr; lines logged while it runs go above it, and it ends with the command at
   * the latest. `enabled: false` gives plain lines in its place, `--quiet` nothing.
   */
  readonly startProgress: (options: { readonly enabled: boolean }) => Progress;
};

export type Context<O extends OptionTable, P extends readonly Positional[]> = Surroundings & {
  readonly values: Values<O & typeof outputOptions>;
  readonly positionals: PositionalValues<P>;
};

/** A command with its types forgotten, as the table of commands holds it. */
export type Command = {
  readonly name: string;
  readonly summary: string;
  readonly positionals: readonly Positional[];
  readonly options: OptionTable;
  /** A command line, and what it is for. */
  readonly examples: readonly (readonly [line: string, purpose: string])[];
  /** What becomes of what was done, as Ctrl-C is answered. */
  readonly stopping?: string;
  /** True where the same command goes on after Ctrl-C; else it begins anew. */
  readonly resumes?: true;
  readonly run: (line: CommandLine, surroundings: Surroundings) => Promise<number | undefined>;
};

type Definition<O extends OptionTable, P extends readonly Positional[]> = {
  readonly name: string;
  readonly summary: string;
  readonly positionals: P;
  readonly options: O;
  readonly examples: Command["examples"];
  readonly stopping?: string;
  readonly resumes?: true;
  /** Returns the exit code; none means the one set with `exit`, or 0. */
  readonly run: (context: Context<O, P>) => Promise<number | undefined> | Promise<void>;
};

/** Makes a command; the output options are added to its own. */
export function defineCommand<const O extends OptionTable, const P extends readonly Positional[]>(
  definition: Definition<O, P>,
): Command {
  return {
    ...definition,
    options: { ...definition.options, ...outputOptions },
    run: async (line, surroundings) => {
      // The parser made the line from these very tables, which is what the types are inferred from.
      const context = { ...surroundings, ...line } as unknown as Context<O, P>;
      return (await definition.run(context)) ?? undefined;
    },
  };
}
