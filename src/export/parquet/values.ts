/**
 * The PLAIN bytes of each kind's values. Nothing is rounded, and a value that is none of its column's type is an error;
 * but half a character, which UTF-8 cannot hold, is U+FFFD.
 */
import type { Kind } from "../../streams/define.ts";
import type { ExportValue } from "../format.ts";
import { wholeCharacters } from "../value-text.ts";
import { type Bytes, reserve } from "./bytes.ts";

type Value = Exclude<ExportValue, null>;

/** Appends a value; of a bool a whole byte, which the page packs. */
export const PUT: Readonly<Record<Kind, (bytes: Bytes, value: Value) => void>> = {
  text: putText,
  json: (bytes, value) => putText(bytes, wholeCharacters(String(value))),
  int: putInt,
  real: putReal,
  bool: (bytes, value) => {
    reserve(bytes, 1);
    bytes.buffer[bytes.length++] = value === 0 ? 0 : 1;
  },
  time: (bytes, value) => putInt(bytes, instantMs(value)),
};

function putText(bytes: Bytes, value: Value): void {
  const text = String(value);
  // UTF-8 takes at most three bytes for each of JavaScript's characters; where that is much, they are counted.
  reserve(bytes, 4 + (text.length < 65_536 ? text.length * 3 : Buffer.byteLength(text)));
  const written = bytes.buffer.write(text, bytes.length + 4);
  bytes.view.setUint32(bytes.length, written, true);
  bytes.length += 4 + written;
}

function putInt(bytes: Bytes, value: Value): void {
  reserve(bytes, 8);
  if (Number.isSafeInteger(value)) {
    const number = value as number;
    bytes.view.setInt32(bytes.length, number | 0, true);
    bytes.view.setInt32(bytes.length + 4, Math.floor(number / 2 ** 32), true);
  } else {
    const whole = BigInt(value);
    if (BigInt.asIntN(64, whole) !== whole) throw new RangeError(`${value} does not fit 64 bits`);
    bytes.view.setBigInt64(bytes.length, whole, true);
  }
  bytes.length += 8;
}

function putReal(bytes: Bytes, value: Value): void {
  reserve(bytes, 8);
  bytes.view.setFloat64(bytes.length, Number(value), true);
  bytes.length += 8;
}

/** The milliseconds since 1970 of a time; throws for what is none. */
export function instantMs(value: Value): number {
  const text = String(value);
  const known = text.length === 24 ? canonicalInstant(text) : Number.NaN;
  if (!Number.isNaN(known)) return known;
  const parsed = Date.parse(text);
  if (Number.isNaN(parsed)) throw new RangeError(`${JSON.stringify(value)} is no instant`);
  return parsed;
}

/** Of `2026-11-23T01:02:03.004Z`, in a sixth of the time of `Date.parse`; NaN where the text has another form. */
function canonicalInstant(text: string): number {
  const [month, day] = [digits(text, 5, 2), digits(text, 8, 2)];
  const [hour, minute, second] = [digits(text, 11, 2), digits(text, 14, 2), digits(text, 17, 2)];
  // The last days of a month, which not every month has, are among them.
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= 28)) return Number.NaN;
  if (!(hour < 24 && minute < 60 && second < 60) || text.charCodeAt(23) !== Z) return Number.NaN;
  // Years begin in March, so that the day that only some have is the last one.
  const year = digits(text, 0, 4) - (month <= 2 ? 1 : 0);
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const leapDays = Math.floor(year / 4) - Math.floor(year / 100) + Math.floor(year / 400);
  const days = year * 365 + leapDays + dayOfYear - 719_468;
  return ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1_000 + digits(text, 20, 3);
}

const Z = 90;

/** NaN where one is none. */
function digits(text: string, from: number, count: number): number {
  let number = 0;
  for (let at = from; at < from + count; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}
