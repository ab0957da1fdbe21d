/**
 * Talk for people, all of it on stderr: stdout carries data only. Level and look are set here and never
 * taken from the environment, so that a run in CI says what a run on a laptop says.
 */
import { type ConsolaInstance, createConsola, LogLevels } from "consola";

export type Log = Pick<ConsolaInstance, "info" | "warn" | "error" | "debug">;

export type LogOptions = {
  quiet?: boolean;
  verbose?: boolean;
  color?: boolean;
  /** Where lines go (without their newline); default stderr. */
  write?: (line: string) => void;
};

/** Makes a logger; `quiet` leaves warnings and errors, `verbose` adds debug lines. */
export function createLog(options: LogOptions = {}): Log {
  const write = options.write ?? ((line: string) => void process.stderr.write(`${line}\n`));
  const level = options.quiet ? LogLevels.warn : options.verbose ? LogLevels.debug : LogLevels.info;
  return createConsola({
    level,
    throttle: 0,
    stdout: process.stderr,
    stderr: process.stderr,
    formatOptions: { date: false, compact: true, colors: options.color ?? false },
    reporters: [{ log: (entry) => write(`${label(entry.type)}${entry.args.join(" ")}`) }],
  });
}

function label(type: string): string {
  return type === "info" || type === "log" ? "" : `${type}: `;
}
