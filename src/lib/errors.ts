/**
 * The one error class that users see, and the table of what each code means for a run.
 * Everything thrown that is not an `AppError` is a bug and exits 1.
 */

/** Process exit codes, as documented in the README. */
export const EXIT = {
  done: 0,
  bug: 1,
  usage: 2,
  auth: 3,
  api: 4,
  store: 5,
  partial: 6,
  interrupted: 130,
} as const;

/**
 * Each code with its one recovery. `stop` ends the whole run, `fail` ends the stream while the others go
 * on, `skip` leaves the stream out because the key may not read it.
 */
const RECOVERY = {
  usage: { recovery: "stop", exit: EXIT.usage },
  auth: { recovery: "stop", exit: EXIT.auth },
  role: { recovery: "skip", exit: EXIT.partial },
  api: { recovery: "fail", exit: EXIT.api },
  network: { recovery: "fail", exit: EXIT.api },
  "rate-limit": { recovery: "fail", exit: EXIT.api },
  shape: { recovery: "fail", exit: EXIT.api },
  incomplete: { recovery: "fail", exit: EXIT.partial },
  "sweep-refused": { recovery: "fail", exit: EXIT.partial },
  "store-missing": { recovery: "stop", exit: EXIT.store },
  "store-busy": { recovery: "stop", exit: EXIT.store },
  "store-foreign": { recovery: "stop", exit: EXIT.store },
  "store-newer": { recovery: "stop", exit: EXIT.store },
  "store-state": { recovery: "stop", exit: EXIT.store },
  "store-io": { recovery: "stop", exit: EXIT.store },
  "disk-full": { recovery: "stop", exit: EXIT.store },
  interrupted: { recovery: "stop", exit: EXIT.interrupted },
} as const satisfies Record<string, { recovery: "stop" | "fail" | "skip"; exit: number }>;

export type ErrorCode = keyof typeof RECOVERY;

export type ErrorDetails = {
  /** Where it happened: a stream, a file, a flag. */
  at?: string | undefined;
  /** HTTP status, when an answer caused it. */
  status?: number | undefined;
  /** The other side's own words, verbatim. */
  said?: string | undefined;
  /** What to do next, without the leading "try:". */
  hint?: string | undefined;
  cause?: unknown;
};

/** What is reported of an error in `--json` and kept in `_sync_runs`. */
export type ErrorReport = { code: ErrorCode; message: string; hint: string | null };

export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly at: string | undefined;
  readonly status: number | undefined;
  readonly said: string | undefined;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.at = details.at;
    this.status = details.status;
    this.said = details.said;
    this.hint = details.hint;
  }

  get recovery(): "stop" | "fail" | "skip" {
    return RECOVERY[this.code].recovery;
  }

  get exitCode(): number {
    return RECOVERY[this.code].exit;
  }

  /** Whether it is of the file or its disk, which then cannot be written to either. */
  get isOfFile(): boolean {
    return this.code.startsWith("store-") || this.code === "disk-full";
  }

  /** Gives the same error a place, where it has none yet. */
  located(at: string): AppError {
    if (this.at !== undefined) return this;
    return new AppError(this.code, this.message, {
      at,
      status: this.status,
      said: this.said,
      hint: this.hint,
      cause: this.cause,
    });
  }

  report(): ErrorReport {
    const words = this.said === undefined ? this.message : `${this.message} (Kustomer said: ${this.said})`;
    return { code: this.code, message: words, hint: this.hint ?? null };
  }
}

/**
 * Renders an error as the lines a user reads: where and what, the server's own words, what to try. To have stopped
 * something is no error.
 */
export function renderError(error: AppError): string {
  const kind = error.code === "interrupted" ? "" : "error: ";
  const lines = [`${kind}${error.at === undefined ? "" : `${error.at}: `}${error.message}`];
  if (error.said !== undefined) lines.push(`  Kustomer said: ${error.said}`);
  if (error.hint !== undefined) lines.push(`  try: ${error.hint}`);
  return lines.join("\n");
}

/** What is reported of an error, as lines for people. */
export function reportWords({ message, hint }: Pick<ErrorReport, "message" | "hint">): string {
  return `${message}${hint === null ? "" : `\n  try: ${hint}`}`;
}
