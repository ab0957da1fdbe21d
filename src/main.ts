/**
 * The process: its arguments, signals and exit code. The first Ctrl-C asks the run to stop, the second ends
 * the process at once; nothing else calls `process.exit`, because that would cut off piped output.
 */
import { processIo, run } from "./cli/run.ts";
import { AppError, EXIT } from "./lib/errors.ts";
import { abandonOut } from "./lib/stdout.ts";

const controller = new AbortController();
function onSignal(name: NodeJS.Signals): void {
  if (controller.signal.aborted) process.exit(EXIT.interrupted);
  const by = name === "SIGINT" ? "Ctrl-C" : name;
  controller.abort(new AppError("interrupted", `stopped by ${by}`));
}
const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const listen = () => SIGNALS.map((name) => process.on(name, onSignal));

/** While a long call into SQLite runs no listener would: without one, a signal ends the process as it should. */
function blocking<T>(action: () => T): T {
  for (const name of SIGNALS) process.off(name, onSignal);
  try {
    return action();
  } finally {
    listen();
  }
}

listen();
// A reader that has gone (`2>&1 | head -1`) is no failure of ours.
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await run(
  process.argv.slice(2),
  process.env,
  processIo({ signal: controller.signal, blocking }),
);
// Whoever pressed Ctrl-C does not wait for a pager that reads no further.
if (controller.signal.aborted) abandonOut();
