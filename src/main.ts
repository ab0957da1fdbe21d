/**
 * The process: its arguments, signals and exit code. The first Ctrl-C asks the run to stop, the second ends
 * the process at once; nothing else calls `process.exit`, because that would cut off piped output.
 */
import { processIo, run } from "./cli/run.ts";
import { AppError, EXIT } from "./lib/errors.ts";
import { abandonOut } from "./lib/stdout.ts";

const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    const by = name === "SIGINT" ? "Ctrl-C" : name;
    const hint = "the same command again, which goes on where this one stopped";
    controller.abort(new AppError("interrupted", `stopped by ${by}`, { hint }));
  });
}
// A reader that has gone (`2>&1 | head -1`) is no failure of ours.
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await run(process.argv.slice(2), process.env, processIo(controller.signal));
// Whoever pressed Ctrl-C does not wait for a pager that reads no further.
if (controller.signal.aborted) abandonOut();
