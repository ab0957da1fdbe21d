/**
 * Reads recorded API responses: pages, arrays and single resources, as JSON documents of any layout, one in a file
 * or one after the other, as in NDJSON. A row is parsed when it has come, so no more than a row is held. What
 * cannot be read is named by file, line and byte.
 */
import { parseResources, type Rows } from "../kustomer/shapes.ts";
import { formatCount } from "../lib/amounts.ts";
import { AppError } from "../lib/errors.ts";
import { parseJson } from "../lib/json.ts";
import { BadJson, createJsonCutter, type JsonPart, type Place } from "../lib/json-parts.ts";

/** Kustomer's rows are below a megabyte: what is so much larger is none, and would only fill the memory. */
const MOST_BYTES = 64_000_000;

const EXPECTED = "give an API response (a page, an array or one resource), or NDJSON of resources";

/** Yields the rows that the bytes of a file hold; throws `usage` naming the file and what is wrong with it. */
export async function* readRecorded(
  name: string,
  bytes: AsyncIterable<Uint8Array>,
  most: number = MOST_BYTES,
): AsyncGenerator<Rows> {
  const cutter = createJsonCutter(most);
  const refuse = (message: string, { line, byte }: Place): never => {
    const where = byte === 0 ? "" : `, at byte ${formatCount(byte + 1)}`;
    throw new AppError("usage", `${message}${where}`, { at: `${name}:${line}`, hint: EXPECTED });
  };
  try {
    for await (const chunk of bytes) yield* rowsOf(cutter.push(chunk), refuse);
    yield* rowsOf(cutter.end(), refuse);
  } catch (error) {
    if (error instanceof BadJson) refuse(error.message, error.place);
    throw error;
  }
  if (cutter.isEmpty()) throw new AppError("usage", "the file is empty", { at: name, hint: EXPECTED });
}

type Refuse = (message: string, place: Place) => never;

/** The rows of some parts: those of lists together, those of other values as they come. */
function* rowsOf(parts: readonly JsonPart[], refuse: Refuse): Generator<Rows> {
  const inLists: unknown[] = [];
  for (const part of parts) {
    const value = parsePart(part, refuse);
    if (part.kind === "row") inLists.push(value);
    else if (part.kind === "whole") yield resourcesOf(value, part, refuse);
  }
  if (inLists.length > 0) yield parseResources(inLists);
}

function parsePart({ bytes, place }: JsonPart, refuse: Refuse): unknown {
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    return refuse("not UTF-8 text", place);
  }
  try {
    return parseJson(text);
  } catch (error) {
    return refuse(`not JSON: ${(error as Error).message.replace(/^JSON Parse error: /, "")}`, place);
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function resourcesOf(value: unknown, { place }: JsonPart, refuse: Refuse): Rows {
  try {
    return parseResources(value);
  } catch (error) {
    if (error instanceof AppError) return refuse(error.message, place);
    throw error;
  }
}
