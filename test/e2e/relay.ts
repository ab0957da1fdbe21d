/** Servers that a test writes itself, to stand in front of the sandbox or in its place, and the sandbox in this process. */
import { type Sandbox, type SandboxOptions, startSandbox } from "../../src/sandbox/sandbox.ts";
import { differences } from "./program.ts";

export type Asked = {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
};

export type Served = {
  readonly url: string;
  /** What a command needs to reach it. */
  readonly env: Record<string, string>;
  /** Every request that came, oldest first. */
  readonly asked: Asked[];
} & AsyncDisposable;

/** Answers requests on loopback and remembers them. */
export function serve(answer: (asked: Asked, nth: number) => Response | Promise<Response>): Served {
  const asked: Asked[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const { method, headers } = request;
      const one = { method, path: pathname + search, headers, body: await request.text() };
      return answer(one, asked.push(one));
    },
  });
  const url = `http://127.0.0.1:${server.port}`;
  return {
    url,
    env: { KUSTOMER_API_KEY: "sandbox-key", KUSTOMER_API_URL: url },
    asked,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

/** Hands requests on to another server, but for those that `meddle` answers itself. */
export function relay(
  target: string,
  meddle: (asked: Asked, nth: number) => Response | Promise<Response> | null,
): Served {
  return serve(async (asked, nth) => (await meddle(asked, nth)) ?? forward(target, asked));
}

/** What another server answers. */
export async function forward(target: string, { method, path, headers, body }: Asked): Promise<Response> {
  const answer = await fetch(target + path, {
    method,
    headers: { authorization: headers.get("authorization") ?? "", "content-type": "application/json" },
    redirect: "manual",
    ...(method === "GET" ? {} : { body }),
  });
  const kept = [...answer.headers].filter(([name]) => !/^(content-length|connection)$/.test(name));
  return new Response(await answer.text(), { status: answer.status, headers: kept });
}

/** An error as Kustomer writes them. */
export function refuse(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return Response.json({ errors: [{ code, message }] }, { status, headers });
}

export type LocalSandbox = Sandbox & {
  readonly env: Record<string, string>;
  /** How a file differs from it, per stream; empty when it does not. */
  readonly differences: (db: string) => Promise<Record<string, string[]>>;
} & AsyncDisposable;

/** A sandbox without limits in this process, so that a test may set its clock and its quirks. */
export async function startLocalSandbox(options: SandboxOptions): Promise<LocalSandbox> {
  const sandbox = await startSandbox({ rpm: 1e6, searchRpm: 1e6, ...options });
  const truth = async (stream: string) =>
    [...sandbox.truth(stream)].map(({ id, updatedAt, deleted }) => ({ id, updatedAt, deleted }));
  return {
    ...sandbox,
    env: { KUSTOMER_API_KEY: sandbox.apiKey, KUSTOMER_API_URL: sandbox.url },
    differences: (db) => differences(db, { truth }),
    [Symbol.asyncDispose]: sandbox.stop,
  };
}

/** No limit of the program's own stands in a test's way, and a window ends soon. */
export const FAST = ["--search-rpm", "1000000", "--rate-share", "1", "--rate-window", "1s"];
