/** Servers for these tests: on loopback, on a port of their own, gone when the test is. */
import { expect } from "bun:test";
import { createServer, type Socket } from "node:net";
import {
  type Request as Ask,
  type Client,
  type ClientOptions,
  createClient,
} from "../../src/kustomer/client.ts";
import { createLimiter, type LimiterOptions } from "../../src/kustomer/limiter.ts";
import { AppError, renderError } from "../../src/lib/errors.ts";

export const KEY = "k-SECRET.7f3c/+=9";

export const THING: Ask<unknown> = {
  method: "GET",
  path: "/v1/things",
  budget: "org",
  parse: (body) => body,
};

export const ok = () => Response.json({ fine: true });

export type Seen = { method: string; url: string; headers: Record<string, string>; body: string };
export type Served = { baseUrl: string; requests: Seen[] } & AsyncDisposable;

/** Serves HTTP and remembers what was asked; `answer` gets the request and its number, from 1. */
export function serve(answer: (request: Seen, count: number) => Response | Promise<Response>): Served {
  const requests: Seen[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      const { method, url } = request;
      const headers = Object.fromEntries(request.headers);
      const seen = { method, url, headers, body: await request.text() };
      requests.push(seen);
      return answer(seen, requests.length);
    },
  });
  return {
    baseUrl: `http://127.0.0.1:${server.port}`,
    requests,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

/** Serves bytes: `answer` writes whatever it likes once a request has come. */
export async function serveBytes(
  answer: (socket: Socket, count: number) => void,
): Promise<{ baseUrl: string; readonly count: number } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.once("data", () => {
      count += 1;
      answer(socket, count);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    baseUrl: `http://127.0.0.1:${address.port}`,
    get count() {
      return count;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A client whose failures are asked again at once, and whose limiter's waits pass at once and are noted. */
export function connect(
  baseUrl: string,
  options: Partial<ClientOptions> = {},
  limits: Partial<LimiterOptions> = {},
): Client & { waits: number[] } {
  const waits: number[] = [];
  let skipped = 0;
  const limiter = createLimiter({
    windowMs: 60_000,
    searchPerWindow: 1_000,
    orgPerWindow: 1_000,
    share: 1,
    now: () => performance.now() + skipped,
    async wait(ms, signal) {
      signal.throwIfAborted();
      waits.push(ms);
      skipped += ms;
    },
    ...limits,
  });
  return Object.assign(createClient({ baseUrl, apiKey: KEY, limiter, random: () => 0, ...options }), {
    waits,
  });
}

/** The error that a request ends with, which must not show the key in any form in which it can be printed. */
export async function failure(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => new Error("it did not fail"),
    (thrown) => thrown,
  );
  if (!(error instanceof AppError)) throw error;
  for (const text of [
    renderError(error),
    JSON.stringify(error.report()),
    Bun.inspect(error),
    error.stack ?? "",
  ]) {
    expect(text).not.toContain(KEY);
  }
  return error;
}
