/**
 * The terminal's stderr: every line meant for people goes through one place, so that a progress display can
 * put it above itself. Control characters that came with foreign text never reach the terminal.
 */
import type { Environment } from "./parse.ts";

/** What is needed of a stream to write text to it. */
export type TextStream = {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  readonly write: (text: string) => unknown;
};

export type Terminal = {
  /** Writes a line, or several. */
  readonly line: (text: string) => void;
  /** Sends lines through a writer while there is one; null sends them straight to the stream again. */
  readonly through: (writer: ((text: string) => void) | null) => void;
};

export function createTerminal(stream: TextStream): Terminal {
  let via: ((text: string) => void) | null = null;
  return {
    line: (text) => {
      const plain = text.replace(/[^\P{Cc}\n\t]/gu, "");
      if (via === null) stream.write(`${plain}\n`);
      else via(plain);
    },
    through: (writer) => {
      via = writer;
    },
  };
}

/** True where colour is welcome: a terminal that can, and nobody said no (`NO_COLOR`, see no-color.org). */
export function usesColor(stream: Pick<TextStream, "isTTY">, env: Environment): boolean {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
}

/** How wide text may be: the terminal's width, else `COLUMNS`, else 80. */
export function widthOf(stream: Pick<TextStream, "isTTY" | "columns">, env: Environment): number {
  const told = stream.isTTY === true ? stream.columns : undefined;
  return [told, Number(env.COLUMNS)].find((width) => Number.isInteger(width) && Number(width) > 0) ?? 80;
}

/** True where lines can be drawn over: a terminal that knows how to move the cursor, with somebody watching. */
export function canRedraw(stream: Pick<TextStream, "isTTY">, env: Environment): boolean {
  const inCi = env.CI !== undefined && env.CI !== "" && env.CI !== "false" && env.CI !== "0";
  return stream.isTTY === true && env.TERM !== "dumb" && !inCi;
}
