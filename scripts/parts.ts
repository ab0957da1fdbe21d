/**
 * Runs commands one after the other, whatever becomes of them. Before each it prints what it runs, as it can be typed
 * again, after each how long that took, and at the end a line for each: what failed is not lost in the middle. A part that
 * needs a program which is not here is left out, and said to be.
 */
import { basename } from "node:path";

/** A name, a command, what is added to its environment, and the program without which it is left out. */
export type Part = readonly [
  name: string,
  command: readonly string[],
  env?: Readonly<Record<string, string>>,
  needs?: string,
];

/** A part as a person would type it. */
export function commandLine([, [program = "", ...args], env = {}]: Part): string {
  const set = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`);
  return [...set, basename(program), ...args.map(quoted)].join(" ");
}

/** Runs all of them, and returns whether each ended well. */
export async function runParts(parts: readonly Part[], note: string): Promise<boolean> {
  const ends: { name: string; isGood: boolean; line: string }[] = [];
  for (const part of parts) {
    const [name, command, env, needs] = part;
    if (needs !== undefined && Bun.which(needs) === null) {
      ends.push({ name, isGood: true, line: `${"".padStart(8)}  left out, for want of ${needs}: ${name}` });
      continue;
    }
    console.log(`\n== ${name} (${note})\n$ ${commandLine(part)}`);
    const begun = performance.now();
    const child = Bun.spawn([...command], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "inherit", "inherit"],
    });
    const code = await child.exited;
    const took = duration(performance.now() - begun);
    const end = code === 0 ? "done" : `FAILED (${child.signalCode ?? code})`;
    console.log(`== ${end} after ${took}`);
    ends.push({ name, isGood: code === 0, line: `${took.padStart(8)}  ${end}: ${name}` });
  }
  console.log(`\n${ends.map(({ line }) => line).join("\n")}`);
  return ends.every(({ isGood }) => isGood);
}

function quoted(word: string): string {
  return /^[\w./:=@,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1_000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
