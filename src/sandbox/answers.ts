/** What the simulated server answers with, and the body of its errors, as real ones were recorded. */

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

/** Of 400 and 404 recorded; the others are guessed. */
const CODES: Readonly<Record<number, readonly [code: string, title: string]>> = {
  400: ["badparam", "Invalid request body or parameters"],
  401: ["unauthorized", "Unauthorized"],
  403: ["forbidden", "Forbidden"],
  404: ["notfound", "Not Found"],
  413: ["payload_too_large", "Payload Too Large"],
  429: ["too_many_requests", "Too Many Requests"],
  500: ["internal_error", "Internal Server Error"],
};

/** What was at fault: a parameter by name, and where in the body it stands. */
export type Fault = {
  readonly source?: Readonly<Record<string, string>>;
  /** A JSON pointer. */
  readonly detail?: string;
};

/** An answer that says no: why, in the title, and what was at fault where that is one thing. */
export class Refusal extends Error {
  readonly status: number;
  readonly fault: Fault;

  constructor(status: number, title?: string, fault: Fault = {}) {
    super(title ?? CODES[status]?.[1] ?? "Error");
    this.status = status;
    this.fault = fault;
  }

  answer(headers: Readonly<Record<string, string>> = {}): Answer {
    const { status, message: title } = this;
    const { source, detail } = this.fault;
    const code = CODES[status]?.[0] ?? "error";
    const error = {
      status,
      ...(source === undefined ? {} : { source }),
      code,
      title,
      ...(detail === undefined ? {} : { detail }),
    };
    return { status, headers, body: { errors: [error] } };
  }
}

/** A 400 that names the parameter of the query string at fault. */
export function badParameter(title: string, parameter: string): Refusal {
  return new Refusal(400, title, { source: { parameter } });
}
