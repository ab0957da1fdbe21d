/**
 * One request and its whole answer as text: the only place that sends the key. A redirect is an answer like
 * another, never followed; the time limit covers the body to its last byte, and no body is read beyond its size.
 */
import { type FetchOptions, ofetch } from "ofetch";
import { ACCEPT_ENCODING, readBody } from "./body.ts";
import { startDeadline } from "./deadline.ts";

export type Exchange = {
  readonly url: URL;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body: unknown;
  readonly timeoutMs: number;
  /** Of the answer's body, unpacked. */
  readonly maxBodyBytes: number;
  readonly signal: AbortSignal | undefined;
};

type Head = { readonly status: number; readonly headers: Headers };

export type RawAnswer =
  | ({ readonly kind: "answer"; readonly text: string } & Head)
  /** The body is larger than allowed; it was not read to its end. */
  | ({ readonly kind: "too-large" } & Head)
  /** The body cannot be unpacked. */
  | ({ readonly kind: "garbled"; readonly encoding: string } & Head)
  | { readonly kind: "timeout" }
  /** `cause` is what fetch threw. */
  | { readonly kind: "network"; readonly cause: unknown };

/** Sends one request; any status is an answer. Throws the signal's reason when it is aborted. */
export async function exchange(request: Exchange): Promise<RawAnswer> {
  const deadline = startDeadline(request.signal, request.timeoutMs);
  try {
    const options: FetchOptions<"stream"> & Pick<BunFetchRequestInit, "decompress" | "verbose"> = {
      method: request.method,
      headers: { ...request.headers, "accept-encoding": ACCEPT_ENCODING },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      responseType: "stream",
      decompress: false,
      // Outranks BUN_CONFIG_VERBOSE_FETCH=curl, which prints each request with the key.
      verbose: false,
      ignoreResponseError: true,
      redirect: "manual",
      retry: 0,
      signal: deadline.signal,
    };
    const { status, headers, _data: stream } = await ofetch.raw<unknown, "stream">(request.url.href, options);
    const body = await readBody(stream, headers.get("content-encoding"), request.maxBodyBytes);
    // What was read of it is garbage by now, and as large as may be: the next answer needs the room.
    if (body.kind === "too-large") Bun.gc(true);
    return body.kind === "whole"
      ? { kind: "answer", status, headers, text: body.text }
      : { ...body, status, headers };
  } catch (error) {
    request.signal?.throwIfAborted();
    if (deadline.expired) return { kind: "timeout" };
    // ofetch's own error holds the request with its headers, the key among them: only its cause goes on.
    const cause = error instanceof Error && error.name === "FetchError" ? error.cause : error;
    return { kind: "network", cause };
  } finally {
    deadline.release();
  }
}
