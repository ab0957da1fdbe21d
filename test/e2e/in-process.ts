/** Runs a command of the program in this process, where starting a new one for each would be most of the time. */
import type { CommandTable } from "../../src/cli/index.ts";
import { type Io, run } from "../../src/cli/run.ts";

export type Said = { readonly code: number; readonly stdout: string; readonly stderr: string };

export async function runHere(
  args: readonly string[],
  env: Record<string, string> = {},
  commands?: CommandTable,
): Promise<Said> {
  const said = { stdout: "", stderr: "" };
  const io: Io = {
    out: async (text) => {
      said.stdout += typeof text === "string" ? text : new TextDecoder().decode(text);
      return true;
    },
    outIsTTY: false,
    stderr: {
      isTTY: false,
      write: (text: string) => {
        said.stderr += text;
      },
    } as Io["stderr"],
    signal: new AbortController().signal,
  };
  return { code: await run(args, env, io, commands), ...said };
}
