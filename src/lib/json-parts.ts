/**
 * Cuts JSON text that comes in chunks into the parts that are wanted of it. Every byte is looked at once and no
 * more than one part is held, so a file of any size takes the time of its bytes and the memory of its largest part,
 * whether it has one line or many. What stands between the parts is checked here; whether a part itself is JSON is
 * found out by the caller, who parses it.
 */

/**
 * `row`: an element of a list, which is an array at the top, or the `data` of an object at the top. `frame`: such an
 * object after its rows, with `[]` in their place. `whole`: any other value at the top. There may be several.
 */
export type JsonPart = {
  readonly kind: "row" | "frame" | "whole";
  /** UTF-8; to be used before the next chunk is given. */
  readonly bytes: Uint8Array;
  readonly place: Place;
};

/** Where something begins: its line, the first being 1, and how many bytes stand before it. */
export type Place = { readonly line: number; readonly byte: number };

/** Text that is not JSON; `place` is where the value begins, or the byte stands, that cannot be read. */
export class BadJson extends Error {
  readonly place: Place;

  constructor(message: string, place: Place) {
    super(message);
    this.place = place;
  }
}

export type JsonCutter = {
  /** The parts that end in this chunk; throws `BadJson`. */
  readonly push: (chunk: Uint8Array) => JsonPart[];
  /** The part that the end of the text ends, if one does; throws `BadJson` where the text ends too early. */
  readonly end: () => JsonPart[];
  /** True while nothing but white space has come. */
  readonly isEmpty: () => boolean;
};

/** A value that is being read. */
type Open = {
  readonly kind: "row" | "whole";
  readonly place: Place;
  /** A number, `true`, `false` or `null`: it ends where something else begins. */
  readonly isWord: boolean;
  /** An object at the top, the names of which are read. */
  readonly isNamed: boolean;
  /** Its bytes that came in earlier chunks. */
  readonly before: Uint8Array[];
  size: number;
  depth: number;
  inString: boolean;
  isEscaped: boolean;
  /** True where the next string is a name; where that begins; whether it was `data`. */
  nameIsDue: boolean;
  nameAt: number;
  isData: boolean;
  hadRows: boolean;
};

const code = (character: string) => character.charCodeAt(0);
const QUOTE = code('"');
const BACKSLASH = code("\\");
const COMMA = code(",");
const COLON = code(":");
const OPEN_LIST = code("[");
const CLOSE_LIST = code("]");
const OPEN_OBJECT = code("{");
const CLOSE_OBJECT = code("}");
const LINE_END = code("\n");
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Makes a cutter; a part of more than `most` bytes is refused rather than held. */
export function createJsonCutter(most: number): JsonCutter {
  let isEmpty = true;
  let line = 1;
  /** Bytes in earlier chunks. */
  let passed = 0;
  let value: Open | null = null;
  /** Where the list began whose elements are being read, and the object that it is the `data` of. */
  let list: Place | null = null;
  let frame: Open | null = null;
  /** What may come next in the list. */
  let due: "value or ]" | "value" | ", or ]" = "value or ]";
  let marks = 0;

  function begin(byte: number, at: number): Open {
    const isNested = byte === OPEN_OBJECT || byte === OPEN_LIST;
    const isNamed = byte === OPEN_OBJECT && list === null;
    due = ", or ]";
    return {
      kind: list === null ? "whole" : "row",
      place: { line, byte: passed + at },
      isWord: !isNested && byte !== QUOTE,
      isNamed,
      before: [],
      size: 0,
      depth: isNested ? 1 : 0,
      inString: byte === QUOTE,
      isEscaped: false,
      nameIsDue: isNamed,
      nameAt: 0,
      isData: false,
      hadRows: false,
    };
  }

  /** Reads a byte between values; returns the value that begins, or goes on, with it. */
  function between(byte: number, at: number): Open | null {
    const here = { line, byte: passed + at };
    // Files that were put together may have one before each.
    if (byte === BYTE_ORDER_MARK[marks] && list === null) {
      marks = (marks + 1) % BYTE_ORDER_MARK.length;
      return null;
    }
    if (marks > 0) throw new BadJson("not UTF-8 text", here);
    isEmpty = false;
    if (list === null) {
      if (byte !== OPEN_LIST) return begin(byte, at);
      list = here;
      due = "value or ]";
      return null;
    }
    if (byte === CLOSE_LIST && due !== "value") {
      list = null;
      const resumed = frame;
      frame = null;
      return resumed;
    }
    if (byte === COMMA && due === ", or ]") {
      due = "value";
      return null;
    }
    if (due === ", or ]" || byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      throw new BadJson(`not JSON, for here a ${due} should stand`, here);
    }
    return begin(byte, at);
  }

  /**
   * Follows a value through a chunk: to the index after its end, or after the `[` that its rows come behind, or to
   * -1 where it goes on in the next chunk.
   */
  function follow(open: Open, chunk: Uint8Array, from: number, start: number): number {
    if (open.isWord) return followWord(chunk, start);
    let { depth, inString, isEscaped } = open;
    let found = -1;
    for (let at = start; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (byte === LINE_END) line += 1;
      if (inString) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) {
          inString = false;
          if (depth === 0) found = at + 1;
          else if (depth === 1 && open.nameIsDue) open.isData = isData(open, chunk, from, at);
        }
      } else if (byte === QUOTE) {
        inString = true;
        if (depth === 1 && open.nameIsDue) open.nameAt = passed + at + 1;
      } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
        if (depth === 1 && open.isData && !open.nameIsDue && byte === OPEN_LIST) {
          list = { line, byte: passed + at };
          found = at + 1;
        } else depth += 1;
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
        depth -= 1;
        if (depth === 0) found = at + 1;
      } else if (depth === 1 && open.isNamed && (byte === COMMA || byte === COLON)) {
        open.nameIsDue = byte === COMMA;
        if (byte === COMMA) open.isData = false;
      }
      if (found >= 0) break;
    }
    open.depth = depth;
    open.inString = inString;
    open.isEscaped = isEscaped;
    return found;
  }

  function isData(open: Open, chunk: Uint8Array, from: number, at: number): boolean {
    if (passed + at - open.nameAt !== 4) return false;
    const near =
      at - from >= 4 ? chunk.subarray(at - 4, at) : lastOf([...open.before, chunk.subarray(from, at)]);
    return new TextDecoder().decode(near) === "data";
  }

  /** Keeps what a value has in this chunk. */
  function hold(open: Open, bytes: Uint8Array): void {
    open.size += bytes.length;
    if (open.size > most) {
      throw new BadJson(`more than ${most / 1_000_000} MB without an end, which is no row`, open.place);
    }
    if (bytes.length > 0) open.before.push(bytes.slice());
  }

  function finish(open: Open, rest: Uint8Array): JsonPart {
    if (open.size > 0) hold(open, rest);
    const bytes = open.size > 0 ? Buffer.concat(open.before) : rest;
    return { kind: open.hadRows ? "frame" : open.kind, bytes, place: open.place };
  }

  return {
    push(chunk) {
      const parts: JsonPart[] = [];
      let at = 0;
      /** Where in this chunk the bytes of the open value begin. */
      let from = 0;
      while (at < chunk.length) {
        if (value === null) {
          const byte = chunk[at]!;
          if (byte === LINE_END) line += 1;
          if (!isSpace(byte)) value = between(byte, at);
          from = at;
          at += 1;
          if (value === null) continue;
        }
        const stop = follow(value, chunk, from, at);
        if (stop < 0) break;
        const bytes = chunk.subarray(from, stop);
        // A value whose `[` is open stands aside for the rows that come behind it.
        if (list !== null && value.kind === "whole") {
          hold(value, bytes);
          value.hadRows = true;
          frame = value;
          due = "value or ]";
        } else parts.push(finish(value, bytes));
        value = null;
        at = stop;
      }
      if (value !== null) hold(value, chunk.subarray(from));
      passed += chunk.length;
      return parts;
    },
    end() {
      const early = value?.isWord === true && list === null ? null : (value ?? frame)?.place;
      const place = early ?? list;
      if (place !== null && place !== undefined) {
        throw new BadJson("not JSON, for the text ends in the middle of what begins here", place);
      }
      return value === null ? [] : [finish(value, new Uint8Array())];
    },
    isEmpty: () => isEmpty,
  };
}

function followWord(chunk: Uint8Array, start: number): number {
  for (let at = start; at < chunk.length; at++) {
    const byte = chunk[at]!;
    if (isSpace(byte) || byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_OBJECT) return at;
  }
  return -1;
}

/** The last four bytes of what comes in pieces. */
function lastOf(pieces: readonly Uint8Array[]): Uint8Array {
  let last: Uint8Array = new Uint8Array();
  for (const piece of pieces.toReversed()) {
    last = Buffer.concat([piece.subarray(-4), last]).subarray(-4);
    if (last.length === 4) break;
  }
  return last;
}

function isSpace(byte: number): boolean {
  return byte === 32 || byte === LINE_END || byte === 13 || byte === 9;
}
