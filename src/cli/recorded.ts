/**
 * Reads recorded API responses: a page, an array or one resource as a JSON document, or NDJSON with any of
 * these on each line. A document is held whole, NDJSON never is. What cannot be read is named by file and
 * line before anything of that file is handed on beyond the lines before it.
 */
import { parseResources, type Rows } from "../kustomer/shapes.ts";
import { AppError } from "../lib/errors.ts";
import { parseJson } from "../lib/json.ts";

/** Yields the rows of a file, `-` for stdin; throws `usage` naming the file and what is wrong with it. */
export async function* readRecorded(file: string): AsyncGenerator<Rows> {
  let held = "";
  let lines: boolean | null = null;
  let number = 0;
  for await (const line of readLines(file)) {
    number += 1;
    if (line.trim() === "") continue;
    // A first line that is JSON by itself, and not the whole file, makes it NDJSON.
    lines ??= isJson(line);
    if (lines) yield readRows(line, `${file}:${number}`);
    else held += `${line}\n`;
  }
  if (held.trim() !== "") yield readRows(held, file);
  else if (lines === null) throw new AppError("usage", "the file is empty", { at: file, hint: EXPECTED });
}

const EXPECTED = "give an API response (a page, an array or one resource), or NDJSON of resources";

function readRows(text: string, at: string): Rows {
  let body: unknown;
  try {
    body = parseJson(text);
  } catch (error) {
    throw new AppError("usage", `not JSON: ${(error as Error).message}`, { at, hint: EXPECTED });
  }
  try {
    return parseResources(body);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError("usage", error.message, { at, hint: EXPECTED });
  }
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

async function* readLines(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  try {
    const source = file === "-" ? Bun.stdin.stream() : Bun.file(file).stream();
    for await (const chunk of source) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      yield* parts;
    }
    rest += decoder.decode();
  } catch (error) {
    throw unreadable(file, error);
  }
  if (rest !== "") yield rest;
}

function unreadable(file: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const code = (error as { code?: string }).code;
  const what =
    error instanceof TypeError && code?.startsWith("ERR_ENCODING")
      ? "not UTF-8 text"
      : code === "ENOENT"
        ? "no such file"
        : code === "EISDIR"
          ? "a folder, not a file"
          : `cannot be read (${code ?? (error as Error).message})`;
  return new AppError("usage", what, { at: file, hint: EXPECTED });
}
