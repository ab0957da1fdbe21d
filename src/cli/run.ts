/**
 * From an argument list to an exit code: finds the command, reads its line, runs it, and says what went wrong.
 * Stdout carries data only; with `--json` that is one object, the error where there is no data.
 */
import { AppError, EXIT, renderError, reportWords } from "../lib/errors.ts";
import { createLog } from "../lib/log.ts";
import { writeOut } from "../lib/stdout.ts";
import { COMMIT, VERSION } from "../lib/version.ts";
import { aside, unpackError } from "./aside.ts";
import type { Command, Surroundings } from "./command.ts";
import { createJob, type Job } from "./github.ts";
import { BUILT_IN_COMMANDS, commandHelp, programHelp } from "./help.ts";
import { COMMANDS, type CommandTable } from "./index.ts";
import { type Environment, type Parsed, parseCommandLine } from "./parse.ts";
import { createProgress, type Progress } from "./progress.ts";
import { KEY_IS_NO_ARGUMENT, mayBeKey, quote } from "./quote.ts";
import { outputOptions } from "./shared-options.ts";
import { suggest } from "./suggest.ts";
import { renderTable, type TableOptions } from "./table.ts";
import { createTerminal, type Terminal, type TextStream, usesColor, widthOf } from "./terminal.ts";
import { wrap } from "./wrap.ts";

/** Where a run writes, and what stops it. */
export type Io = {
  /** Data; false when nobody reads any more. */
  readonly out: (text: string | Uint8Array) => Promise<boolean>;
  readonly outIsTTY: boolean;
  /** Columns of the terminal that stdout is. */
  readonly outColumns?: number | undefined;
  readonly stderr: TextStream;
  /** Aborted by the first Ctrl-C, with an AppError as its reason. */
  readonly signal: AbortSignal;
};

/** The streams of this process. */
export function processIo(signal: AbortSignal): Io {
  const { isTTY, columns } = process.stdout;
  return { out: writeOut, outIsTTY: isTTY === true, outColumns: columns, stderr: process.stderr, signal };
}

/** Runs `kustomer-sync ARGV...` and returns its exit code; never throws. */
export async function run(
  argv: readonly string[],
  env: Environment,
  io: Io,
  commands: CommandTable = COMMANDS,
): Promise<number> {
  const terminal = createTerminal(io.stderr);
  const flags = argv.slice(0, argv.indexOf("--") >>> 0);
  const json = flags.includes("--json");
  let wrote = false;
  const out = (text: string | Uint8Array) => {
    wrote = true;
    return io.out(text);
  };
  const job = createJob({
    env,
    out: json || flags.includes("--stdout") ? null : io.out,
    warn: (text) => terminal.line(`warn: ${text}`),
  });
  let stopping: string | undefined;
  let resumes = false;
  const onAbort = () =>
    terminal.line(`${["stopping", stopping].filter(Boolean).join(": ")}; press Ctrl-C again to stop at once`);
  io.signal.addEventListener("abort", onAbort, { once: true });
  try {
    const onCommand = (command: Command) => {
      stopping = command.stopping;
      resumes = command.resumes === true;
    };
    return await dispatch(argv, { env, io: { ...io, out }, terminal, commands, onCommand, job });
  } catch (thrown) {
    const { text, report, exit } = explain(thrown, io.signal, resumes);
    terminal.line(text);
    if (json && !wrote) await io.out(`${JSON.stringify({ error: report })}\n`);
    const title = Object.hasOwn(commands, argv[0] ?? "") ? `kustomer-sync ${argv[0]}` : "kustomer-sync";
    const level = exit === EXIT.interrupted ? "warning" : "error";
    await job.tell({ title, annotations: [{ level, title, message: reportWords(report) }] });
    return exit;
  } finally {
    io.signal.removeEventListener("abort", onAbort);
  }
}

/** What a run has at hand. */
type Setting = {
  readonly env: Environment;
  readonly io: Io;
  readonly terminal: Terminal;
  readonly commands: CommandTable;
  readonly onCommand: (command: Command) => void;
  readonly job: Job;
};

async function dispatch(argv: readonly string[], setting: Setting): Promise<number> {
  const { env, io, commands } = setting;
  const [first, ...rest] = argv;
  const color = io.outIsTTY && usesColor({ isTTY: true }, env) && !argv.includes("--no-color");
  const width = widthOf({ isTTY: io.outIsTTY, columns: io.outColumns }, env);
  const help = async () => {
    const all = await Promise.all(Object.values(commands).map((load) => load()));
    await io.out(await programHelp(all, { color, width }));
    return EXIT.done;
  };
  if (first === undefined || first.startsWith("-")) {
    return parseProgramLine(argv, setting).ask === "version" ? printVersion(argv, io) : help();
  }
  if (first === "help" || first === "version") {
    const parsed = parseCommandLine(BUILT_IN_COMMANDS[first], rest, env);
    const command = parsed.ask === null ? parsed.positionals.command : undefined;
    if (typeof command === "string") return dispatch([command, "--help"], setting);
    return first === "help" || parsed.ask === "help" ? help() : printVersion(argv, io);
  }
  const command = await findCommand(first, commands);
  const parsed = parseCommandLine(command, rest, env);
  if (parsed.ask === null) return runCommand(command, parsed, setting, { color, width });
  if (parsed.ask === "version") return printVersion(argv, io);
  await io.out(await commandHelp(command, { color, width }));
  return EXIT.done;
}

/** What stands before any command: only the options that need none. */
function parseProgramLine(argv: readonly string[], { env, commands }: Setting): Parsed {
  try {
    return parseCommandLine({ name: "", options: outputOptions, positionals: [] }, argv, env);
  } catch (error) {
    const command = argv.find((word) => Object.hasOwn(commands, word));
    if (!(error instanceof AppError) || command === undefined) throw error;
    const option = (argv[0] ?? "").replace(/=.*$/s, "");
    throw new AppError("usage", `${option} stands before the command`, {
      hint: `kustomer-sync ${command} ${option}`,
    });
  }
}

async function findCommand(name: string, commands: CommandTable): Promise<Command> {
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load !== undefined) return load();
  const meant = suggest(name, [...Object.keys(commands), ...Object.keys(BUILT_IN_COMMANDS)]);
  const guess = meant === null ? "" : ` (did you mean ${meant}?)`;
  throw new AppError("usage", `unknown command ${quote(name)}${guess}`, {
    hint: mayBeKey(name) ? KEY_IS_NO_ARGUMENT : "kustomer-sync --help",
  });
}

async function runCommand(
  command: Command,
  line: Extract<Parsed, { ask: null }>,
  { env, io, terminal, onCommand, job }: Setting,
  look: Required<TableOptions>,
): Promise<number> {
  onCommand(command);
  const { quiet, verbose, noColor } = line.values;
  const show = async (text: string) => quiet === true || io.out(text);
  let code: number = EXIT.done;
  let display: Progress | null = null;
  const surroundings: Surroundings = {
    env,
    log: createLog({
      quiet: quiet === true,
      verbose: verbose === true,
      color: noColor !== true && usesColor(io.stderr, env),
      write: terminal.line,
    }),
    sayStopped: (stopped, undone) => {
      const { message, hint = againHint(command.resumes === true) } = stopped;
      const lines = wrap(`  ${undone}`, widthOf(io.stderr, env), "    ");
      terminal.line([message, ...lines, `  try: ${hint}`].join("\n"));
    },
    out: io.out,
    show,
    showTable: (columns, rows) => show(renderTable(columns, rows, look)),
    outJson: (value) => io.out(`${JSON.stringify(value)}\n`),
    job,
    signal: io.signal,
    outIsTTY: io.outIsTTY,
    exit: (chosen) => {
      code = chosen;
    },
    width: look.width,
    startProgress: ({ enabled }) => {
      const progress = createProgress({ stream: io.stderr, enabled, quiet: quiet === true, env });
      const stop = () => {
        terminal.through(null);
        progress.stop();
      };
      terminal.through(progress.log);
      display = { ...progress, stop };
      return display;
    },
  };
  for (const note of line.notes) surroundings.log.warn(note);
  try {
    return (await command.run(line, surroundings)) ?? code;
  } catch (error) {
    throw await unlessDamaged(error, line.values.db, io.signal);
  } finally {
    (display as Progress | null)?.stop();
  }
}

/** What looks like a bug is none where the file is damaged. */
async function unlessDamaged(error: unknown, db: unknown, signal: AbortSignal): Promise<unknown> {
  if (error instanceof AppError || signal.aborted || typeof db !== "string") return error;
  const message = error instanceof Error ? error.message : String(error);
  const failure = await aside("damage", { db, message }, { signal });
  return failure === null ? error : unpackError(failure);
}

async function printVersion(argv: readonly string[], io: Io): Promise<number> {
  if (argv.includes("--json")) {
    const { sqliteVersion } = await import("../store/pragmas.ts");
    const versions = { version: VERSION, commit: COMMIT, bun: Bun.version, sqlite: sqliteVersion() };
    await io.out(`${JSON.stringify(versions)}\n`);
  } else {
    await io.out(`kustomer-sync ${VERSION}\n`);
  }
  return EXIT.done;
}

/** What the same command does when it is run again after Ctrl-C. */
function againHint(resumes: boolean): string {
  return `the same command again, which ${resumes ? "goes on where this one stopped" : "begins anew"}`;
}

type Explanation = {
  text: string;
  report: { code: string; message: string; hint: string | null };
  exit: number;
};

/** An error in words for people and as data; what is not an AppError is a bug, and shows its stack. */
function explain(thrown: unknown, signal: AbortSignal, resumes: boolean): Explanation {
  // A request cut off by Ctrl-C may surface as the runtime's own AbortError.
  const stop = signal.aborted ? (signal.reason as AppError) : null;
  const isStop =
    thrown instanceof AppError
      ? thrown.code === "interrupted" && thrown.message === stop?.message && thrown.hint === undefined
      : thrown instanceof Error && thrown.name === "AbortError";
  const error =
    stop !== null && isStop
      ? new AppError("interrupted", stop.message, { hint: stop.hint ?? againHint(resumes) })
      : thrown;
  if (error instanceof AppError) {
    const report = error.report();
    const message = error.at === undefined ? report.message : `${error.at}: ${report.message}`;
    return { text: renderError(error), report: { ...report, message }, exit: error.exitCode };
  }
  const hint =
    "report it to the project's issue tracker, with these lines and `kustomer-sync --version --json`";
  const stack = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  return {
    text: `error: this is a bug in kustomer-sync\n${stack}\n  try: ${hint}`,
    report: { code: "bug", message: error instanceof Error ? error.message : String(error), hint },
    exit: EXIT.bug,
  };
}
