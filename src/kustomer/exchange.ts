/**
 * One request and its whole answer as text: the only place that sends the key. A redirect is an answer like
 * another, never followed; the time limit covers the body to its last byte.
 */
import { ofetch } from "ofetch";
import { startDeadline } from "./deadline.ts";

export type Exchange = {
  readonly url: URL;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body: unknown;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

export type RawAnswer =
  | { readonly kind: "answer"; readonly status: number; readonly headers: Headers; readonly text: string }
  | { readonly kind: "timeout" }
  /** `cause` is what fetch threw. */
  | { readonly kind: "network"; readonly cause: unknown };

/** Sends one request; any status is an answer. Throws the signal's reason when it is aborted. */
export async function exchange(request: Exchange): Promise<RawAnswer> {
  const deadline = startDeadline([request.signal], request.timeoutMs);
  try {
    const answer = await ofetch.raw<string, "text">(request.url.href, {
      method: request.method,
      headers: request.headers,
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      responseType: "text",
      ignoreResponseError: true,
      redirect: "manual",
      retry: 0,
      signal: deadline.signal,
    });
    return { kind: "answer", status: answer.status, headers: answer.headers, text: answer._data ?? "" };
  } catch (error) {
    request.signal.throwIfAborted();
    if (deadline.expired) return { kind: "timeout" };
    // ofetch's own error holds the request with its headers, the key among them: only its cause goes on.
    const cause = error instanceof Error && error.name === "FetchError" ? error.cause : error;
    return { kind: "network", cause };
  } finally {
    deadline.release();
  }
}
