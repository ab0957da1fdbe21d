/**
 * The process: its arguments, signals and exit code. The first Ctrl-C asks the run to stop, the second ends
 * the process at once; nothing else calls `process.exit`, because that would cut off piped output. As a thread that is
 * not the first one it does the work that is done aside.
 */
import { AppError, EXIT } from "./lib/errors.ts";

async function start(): Promise<void> {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    const by = name === "SIGINT" ? "Ctrl-C" : name;
    controller.abort(new AppError("interrupted", `stopped by ${by}`));
  };
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, onSignal);
  // A reader that has gone (`2>&1 | head -1`) is no failure of ours.
  process.stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  const { processIo, run } = await import("./cli/run.ts");
  process.exitCode = await run(process.argv.slice(2), process.env, processIo(controller.signal));
  if (!controller.signal.aborted) return;
  // Whoever pressed Ctrl-C does not wait for a pager that reads no further.
  const { abandonOut } = await import("./lib/stdout.ts");
  abandonOut();
  const { isStuck } = await import("./cli/aside.ts");
  if (!isStuck()) return;
  // Nothing else ends a thread within a long call; what was said is written first.
  await new Promise((resolve) => process.stderr.write("", resolve));
  process.exit();
}

if (Bun.isMainThread) await start();
else (await import("./cli/aside-jobs.ts")).serve();
