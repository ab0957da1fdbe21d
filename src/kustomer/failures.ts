/**
 * Every way in which a request can fail, as the error a user reads: what was asked (without its query),
 * what came, and what to do. Nothing from the request's headers ever gets in here.
 */

import { formatBytes } from "../lib/bytes.ts";
import { AppError, type ErrorCode } from "../lib/errors.ts";
import { formatDuration } from "../lib/time.ts";

const AGAIN = "see https://status.kustomer.com, then run the same command again: it goes on where it stopped";
export const ROLE_HINT = "give the key the role this needs, or leave the stream out with --skip STREAM";
export const NAMES_THE_HOST = "--org, --region or --api-url";

/** https://developer.kustomer.com/docs/get-started/regions-and-base-urls */
const REGION_OF_POD: Readonly<Record<string, string>> = { prod1: "us", prod2: "eu", prod4: "in" };

/** An answer that is not the one asked for. `asked` is `POST /v1/...`; `said` the server's words, masked. */
export function answerError(
  asked: string,
  status: number,
  said: string | undefined,
  location: string | null,
): AppError {
  const answered = `${asked} answered ${status}`;
  // "Auth token associated with pod prod2 but request is being handled by prod1": its status is not documented.
  const pod = /token associated with pod (\w+)/i.exec(said ?? "")?.[1];
  if (status >= 400 && status < 500 && pod !== undefined) {
    const region = REGION_OF_POD[pod.toLowerCase()];
    const hint = `this key belongs to another region: use ${region ? `--region ${region}` : "--region us|eu|in"}, or --org NAME, which finds its region by itself`;
    return new AppError("auth", answered, { status, said, hint });
  }
  if (status === 401) return new AppError("auth", answered, { status, said, hint: authHint(said) });
  if (status === 403) {
    return new AppError("role", answered, { status, said, hint: ROLE_HINT });
  }
  if (status >= 300 && status < 400) {
    const target = redirectTarget(location);
    return new AppError("api", `${answered}, a redirect${target}, which is not followed with the key`, {
      status,
      hint: `check ${NAMES_THE_HOST}`,
    });
  }
  if (status > 200 && status < 300) {
    const what = status === 206 ? "a part of an answer" : "another kind of success than 200";
    return new AppError("api", `${answered}, ${what}: what it holds is not believed`, {
      status,
      hint: `check that ${NAMES_THE_HOST} leads to Kustomer, and that no proxy on the way changes what it answers`,
    });
  }
  return new AppError("api", answered, { status, said, hint: status >= 500 ? AGAIN : undefined });
}

/** A 2xx answer whose body is not JSON, or is another thing than was asked for. */
export function bodyError(asked: string, status: number, what: string, said: string | undefined): AppError {
  const hint = `check that ${NAMES_THE_HOST} leads to Kustomer and not to a proxy or a sign-in page`;
  return new AppError("shape", `${asked} answered ${status}, but ${what}`, { status, said, hint });
}

/** An answer of which the rest was not read. */
export function tooLargeError(asked: string, status: number, maxBytes: number): AppError {
  const what = `${asked} answered ${status} with more than ${formatBytes(maxBytes)}, and was not read to its end`;
  const more = formatBytes(maxBytes * 4)
    .replace(" ", "")
    .replace(".0", "");
  const hint = `check that ${NAMES_THE_HOST} leads to Kustomer; if its rows are that large, allow more: --max-body ${more}`;
  return new AppError("shape", what, { status, hint });
}

/** No whole answer came. `cause` is what fetch threw. */
export function networkError(asked: string, host: string, cause: unknown): AppError {
  const { code, message } = (cause ?? {}) as { code?: unknown; message?: unknown };
  const [what, hint] = describeNetwork(typeof code === "string" ? code : "", String(message ?? ""), host);
  return new AppError("network", `${asked}: ${what}`, { hint, cause });
}

/** True when the name was looked up and there is none; false when it could not be looked up. */
export function isUnknownHost(cause: unknown): boolean {
  return (cause as { code?: unknown } | null)?.code === "ENOTFOUND";
}

/** No computer has the host's name. `option` is the flag that gave it. */
export function unknownHostError(asked: string, host: string, option: string, cause: unknown): AppError {
  // "getaddrinfo ENOTFOUND proxy.acme.example" where a proxy is asked in the host's stead.
  const named = /ENOTFOUND (\S+)$/.exec(String((cause as Error | null)?.message ?? ""))?.[1] ?? host;
  const isProxy = named !== host;
  return new AppError("network", `${asked}: the ${isProxy ? "proxy" : "host"} ${named} is unknown`, {
    hint: `check ${isProxy ? "HTTPS_PROXY and HTTP_PROXY" : `what ${option} says`}, and the connection`,
    cause,
  });
}

export function timeoutError(asked: string, host: string, timeoutMs: number): AppError {
  return new AppError(
    "network",
    `${asked}: no whole answer from ${host} within ${formatDuration(timeoutMs)}`,
    {
      hint: "check the connection, or allow more with --timeout",
    },
  );
}

export function refusedError(asked: string, times: number, said: string | undefined): AppError {
  return new AppError("rate-limit", `${asked} was refused ${times} times in a row`, {
    status: 429,
    said,
    hint: "others use up this account's limit: run again later, or lower --rate-share, --rpm or --search-rpm",
  });
}

/** The error for a run that was told to stop; the reason itself when it is such an error already. */
export function interruptedError(reason: unknown): AppError {
  if (reason instanceof AppError && reason.code === "interrupted") return reason;
  return new AppError("interrupted", "interrupted", { cause: reason });
}

/** The same error with something of it changed. */
export function revise(
  error: AppError,
  change: { code?: ErrorCode; message?: string; said?: string | undefined; hint?: string },
): AppError {
  const { at, status, said, hint, cause } = error;
  return new AppError(change.code ?? error.code, change.message ?? error.message, {
    ...{ at, status, said, hint, cause },
    ...change,
  });
}

function authHint(said: string | undefined): string {
  if (/expired/i.test(said ?? "")) return "make a new API key in Kustomer: this one has expired";
  return `check the key, and that it belongs to this account: keys work in their own region only (${NAMES_THE_HOST})`;
}

function redirectTarget(location: string | null): string {
  if (location === null || !URL.canParse(location)) return "";
  return ` to ${new URL(location).host}`;
}

function describeNetwork(code: string, message: string, host: string): [what: string, hint: string] {
  if (code === "ECONNREFUSED" || code === "ConnectionRefused") {
    return [`${host} refused the connection`, `check ${NAMES_THE_HOST}, and whether a proxy is in the way`];
  }
  if (/^(ENOTFOUND|EAI_AGAIN|ESERVFAIL|ENODATA)$|DNS/.test(code)) {
    return [`the host ${host} was not found`, `check the connection, and ${NAMES_THE_HOST}`];
  }
  if (/^(ECONNRESET|EPIPE|ConnectionClosed)$/.test(code)) {
    return [`${host} closed the connection before the answer was whole`, AGAIN];
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|HOSTNAME_MISMATCH/.test(code)) {
    return [
      `the certificate of ${host} is not trusted (${code})`,
      "if a company proxy signs it, name its certificate in NODE_EXTRA_CA_CERTS",
    ];
  }
  const why = code || message.replace(/\s*For more information.*$/s, "").slice(0, 200) || "unknown error";
  return [`no answer from ${host} (${why})`, `check the connection, and ${NAMES_THE_HOST}`];
}
