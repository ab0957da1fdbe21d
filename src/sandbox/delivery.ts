/**
 * Puts an answer on the wire, whole or as a fault wants it broken. The server is `node:http` because
 * `Bun.serve` can neither close a connection unanswered nor promise more bytes than it sends.
 */
import type { ServerResponse } from "node:http";
import type { Answer } from "./answers.ts";
import type { Delivery } from "./faults.ts";

/** How many pieces a dripped answer comes in. */
const DRIPS = 10;

/**
 * Sends an answer; `date` is the server's clock as the header tells it (ms), null for no such header, and `slowMs` is
 * how long a dripped answer takes. Resolves when nothing is left to send.
 */
export async function deliver(
  response: ServerResponse,
  answer: Answer,
  delivery: Delivery,
  { date, slowMs }: { date: number | null; slowMs: number },
): Promise<void> {
  const whole = bytesOf(answer);
  // The last bracket and a bit: what is left is of the right length and not JSON.
  const body = delivery === "badjson" ? whole.subarray(0, Math.max(1, whole.length - 7)) : whole;
  if (delivery === "hangup") return void response.destroy();
  response.sendDate = false;
  response.writeHead(answer.status, {
    "content-type": "application/json; charset=utf-8",
    ...answer.headers,
    ...(date === null ? {} : { date: new Date(date).toUTCString() }),
    ...(answer.stream === undefined ? { "content-length": String(body.length) } : {}),
  });
  if (answer.stream !== undefined && delivery !== "reset") {
    await answer.stream((piece) => put(response, piece));
    return void response.end();
  }
  if (delivery === "whole" || delivery === "badjson") return void response.end(body);
  if (delivery === "slow") return drip(response, body, slowMs);
  const sent = delivery === "cut" ? body.subarray(0, Math.ceil(body.length / 2)) : Buffer.alloc(0);
  response.flushHeaders();
  await new Promise<void>((resolve) => {
    const close = () => {
      response.destroy();
      resolve();
    };
    if (sent.length === 0) setImmediate(close);
    else response.write(sent, close);
  });
}

function bytesOf({ body, finish }: Answer): Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return Buffer.from(finish === undefined ? text : finish(text));
}

/** Writes a piece when the reader has room for it; false when there is no reader any more. */
async function put(response: ServerResponse, piece: Uint8Array): Promise<boolean> {
  if (response.destroyed) return false;
  if (!response.write(piece)) await roomIn(response);
  // Else a reader in this process would never get its turn.
  else await new Promise((resolve) => setImmediate(resolve));
  return !response.destroyed;
}

/** Waits until a slow reader has taken what was written, or has gone. */
export function roomIn(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}

async function drip(response: ServerResponse, body: Buffer, slowMs: number): Promise<void> {
  const size = Math.ceil(body.length / DRIPS);
  for (let from = 0; from < body.length && !response.destroyed; from += size) {
    response.write(body.subarray(from, from + size));
    await new Promise((resolve) => setTimeout(resolve, slowMs / DRIPS));
  }
  response.end();
}
