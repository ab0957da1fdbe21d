/** Asks a person, on the terminal: the question on stderr, the answer from stdin. */
import { createInterface } from "node:readline";

/** True where somebody can see a question and answer it. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** One line as it was typed, without its end; null when there will be none, or the signal came first. */
export function ask(question: string, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    process.stderr.write(question);
    const lines = createInterface({ input: process.stdin, terminal: false });
    const stop = () => {
      process.stderr.write("\n");
      lines.close();
    };
    signal.addEventListener("abort", stop, { once: true });
    lines.once("line", (line) => {
      resolve(line);
      lines.close();
    });
    lines.once("close", () => {
      signal.removeEventListener("abort", stop);
      resolve(null);
    });
    if (signal.aborted) stop();
  });
}
