/** Commands that misbehave in ways that no command of ours should, to prove what the program around them does. */
import { type Command, defineCommand } from "../../src/cli/command.ts";
import type { CommandTable } from "../../src/cli/index.ts";
import { AppError } from "../../src/lib/errors.ts";
import { wait } from "../../src/lib/wait.ts";

const HOUR = 3_600_000;

function odd(name: string, run: Parameters<typeof defineCommand>[0]["run"]): () => Promise<Command> {
  const command = defineCommand({
    name,
    summary: name,
    positionals: [],
    options: {},
    examples: [[`kustomer-sync ${name}`, name]],
    run,
  });
  return async () => command;
}

export const ODD_COMMANDS: CommandTable = {
  bug: odd("bug", async () => {
    throw new TypeError("x is not a function");
  }),
  fail: odd("fail", async ({ startProgress }) => {
    startProgress({ enabled: true }).searches(1, 2);
    throw new AppError("auth", "Kustomer refused the key", {
      at: "check",
      said: "bad \x1b[31mtoken",
      hint: "make another key",
    });
  }),
  report: odd("report", async ({ outJson }) => {
    await outJson({ status: "partial" });
    throw new AppError("incomplete", "notes is not whole");
  }),
  six: odd("six", async ({ exit }) => exit(6)),
  five: odd("five", async ({ exit }) => {
    exit(6);
    return 5;
  }),
  wait: odd("wait", async ({ signal, log }) => {
    log.info("begun");
    await wait(HOUR, signal);
  }),
  /** Does not listen to Ctrl-C. */
  deaf: odd("deaf", async ({ log }) => {
    log.info("begun");
    await wait(HOUR);
  }),
  /** Writes more than a pipe holds. */
  big: odd("big", async ({ out }) => {
    for (let line = 0; line < 20_000; line++) {
      if (!(await out(`${"x".repeat(99)}\n`))) return;
    }
  }),
};
