/** What the simulated server answers with, and its two shapes of error body: plain, and that of JSON:API. */

export type Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a string, or bytes, as they stand. */
  readonly body: unknown;
  /** Has the last word on the text that a body became. */
  readonly finish?: (text: string) => string;
  /** Sends the body piece by piece instead; `write` resolves to false when nobody takes any more. */
  readonly stream?: (write: (piece: Uint8Array) => Promise<boolean>) => Promise<void>;
  /** Set for a page of a search, which some faults need to know about. */
  readonly page?: SearchPage;
};

export type SearchPage = {
  readonly meta: Record<string, unknown>;
  readonly data: readonly unknown[];
  readonly links: Record<string, unknown>;
};

const CODES: Readonly<Record<number, readonly [code: string, message: string]>> = {
  400: ["bad_request", "Invalid request body or parameters."],
  401: ["unauthorized", "Unauthorized"],
  403: ["forbidden", "Forbidden"],
  404: ["not_found", "Not Found"],
  413: ["payload_too_large", "Payload Too Large"],
  429: ["too_many_requests", "Too Many Requests"],
  500: ["internal_error", "Internal Server Error"],
};

/** An answer that says no; `source` names what was at fault, and makes the body one of JSON:API. */
export class Refusal extends Error {
  readonly status: number;
  readonly source: Readonly<Record<string, string>> | null;

  constructor(status: number, message?: string, source: Readonly<Record<string, string>> | null = null) {
    super(message ?? CODES[status]?.[1] ?? "Error");
    this.status = status;
    this.source = source;
  }

  answer(headers: Readonly<Record<string, string>> = {}): Answer {
    const { status, message, source } = this;
    const code = CODES[status]?.[0] ?? "error";
    const plain = { code, message, ...(status === 400 ? { meta: {} } : {}) };
    // Where the documentation shows a `detail`, the title is only the name of the status.
    const words = status === 400 ? { title: "Bad Request", detail: message } : { title: message };
    const error = source === null ? plain : { status: String(status), code, ...words, source };
    return { status, headers, body: { errors: [error] } };
  }
}
