/**
 * Answers that are too much for a reader who takes whatever comes: one without an end, one that is small until it is
 * unpacked, and one of which a row is nested very deep. None of them costs this server what it may cost the reader.
 */
import { constants, crc32, deflateRawSync } from "node:zlib";
import type { Answer, SearchPage } from "./answers.ts";
import type { Quirks } from "./quirks.ts";
import type { StreamName, World } from "./world.ts";

/** What was asked for: a path, and the context where it was a search. */
export type Asked = { readonly path: string; readonly context: string | null; readonly stream: StreamName };

/** Stands in an answer for what is put in its place when the answer has become text. */
const MARK = "\u{f8ff} nested \u{f8ff}";
const PIECE = 0x10_0000;
const SPACES = Buffer.alloc(PIECE, " ");

/** The answer as the quirks want it: grown, where it is one that they name. */
export function enlarge(world: World, answer: Answer, asked: Asked, quirks: Quirks): Answer {
  const { bodyBomb, bombBytes = 0x4000_0000, bodyUnending, rowNested, nestedDepth = 50_000 } = quirks;
  const deep = rowNested === asked.stream ? nested(world, answer, asked.stream, nestedDepth) : answer;
  if (concerns(bodyBomb, asked)) return packed(deep, bombBytes);
  return concerns(bodyUnending, asked) ? unending(deep) : deep;
}

function concerns(named: string | undefined, { path, context }: Asked): boolean {
  return named !== undefined && (named.startsWith("/") ? named === path : named === context);
}

/** Nests an attribute of one row of the stream, the last to be created before the server started. It is written as text: `JSON.stringify` would run out of stack. */
function nested(world: World, answer: Answer, stream: StreamName, depth: number): Answer {
  const { created } = world.tables[stream];
  let newest = 0;
  for (let row = 1; row < world.planned[stream]; row++) {
    if (created[row]! > created[newest]!) newest = row;
  }
  const id = created.length > 0 ? world.tables[stream].id(newest) : null;
  const body = answer.body as SearchPage;
  const data = (body.data as { id: string; attributes?: object }[]).map((row) =>
    row.id === id && row.attributes !== undefined
      ? { ...row, attributes: { ...row.attributes, nested: MARK } }
      : row,
  );
  const told = { ...body, data };
  return {
    ...answer,
    body: told,
    ...(answer.page === undefined ? {} : { page: told }),
    finish: (text) => text.replace(JSON.stringify(MARK), "[".repeat(depth) + "]".repeat(depth)),
  };
}

/** The rows of an answer again and again, and spaces where there are none. */
function unending(answer: Answer): Answer {
  const { data } = answer.body as SearchPage;
  const rows = data.map((row) => `${JSON.stringify(row)},`).join("");
  const text = answer.finish?.(rows) ?? rows;
  const again = rows === "" ? SPACES.subarray(0, 65_536) : Buffer.from(text);
  const { status, headers = {} } = answer;
  return {
    status,
    headers,
    body: null,
    stream: async (write) => {
      let listening = await write(Buffer.from('{"data":['));
      while (listening) listening = await write(again);
    },
  };
}

const bombs = new Map<number, Buffer>();

/** In place of an answer, one of the same status that unpacks to so many bytes of JSON: no rows, and spaces. */
function packed({ status, headers }: Answer, bytes: number): Answer {
  const body = bombs.get(bytes) ?? pack(bytes);
  bombs.set(bytes, body);
  return { status, headers: { ...headers, "content-encoding": "gzip" }, body };
}

/** A gzip file that is written without ever holding what it unpacks to: one packed piece, many times. */
function pack(bytes: number): Buffer {
  const parts: Buffer[] = [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3])];
  let sum = 0;
  let length = 0;
  // A full flush ends a piece at a whole byte, and lets it know nothing of what went before.
  const press = (raw: Buffer, finishFlush: number) => deflateRawSync(raw, { level: 9, finishFlush });
  const piece = press(SPACES, constants.Z_FULL_FLUSH);
  const put = (raw: Buffer, part: Buffer) => {
    parts.push(part);
    sum = crc32(raw, sum);
    length += raw.length;
  };
  const [head, tail] = [Buffer.from('{"data":['), Buffer.from("]}")];
  put(head, press(head, constants.Z_FULL_FLUSH));
  while (length + PIECE <= bytes) put(SPACES, piece);
  put(tail, press(tail, constants.Z_FINISH));
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(sum, 0);
  trailer.writeUInt32LE(length % 0x1_0000_0000, 4);
  return Buffer.concat([...parts, trailer]);
}
