/**
 * What is asked again, and when. Everything this program asks only reads, so asking twice is always safe;
 * the question is only whether another answer can be expected. Pure: the random number comes from outside.
 */

/** A 429 is not among the attempts: being refused is the limiter's business, not a failure. */
const MAX_ATTEMPTS = 6;
/** Each of these costs as much as may be read at all. */
const MAX_TOO_LARGE = 2;
/** Refusals of one request in a row, each waited out, before it gives up. */
export const MAX_REFUSALS = 30;
const BASE_MS = 500;
const CAP_MS = 30_000;

/** An HTTP status; or a host that nobody knows; or no whole answer; or one that took too long, is too large, is not JSON, or has another shape. */
export type Outcome = number | "unknown-host" | "network" | "timeout" | "too-large" | "body" | "shape";

export type Verdict = "done" | "refused" | "retry" | "fail";

/** Says what to do about an outcome: 400, 401, 403, 404, 409, 413, 422 and their like never change by asking again. */
export function verdictOf(outcome: Outcome): Verdict {
  if (outcome === "unknown-host") return "fail";
  if (typeof outcome !== "number") return "retry";
  if (outcome === 200) return "done";
  if (outcome === 429) return "refused";
  // Nothing that we ask is documented to answer another 2xx: a 206 without a row once passed for the end.
  return outcome === 408 || outcome >= 500 || (outcome > 200 && outcome < 300) ? "retry" : "fail";
}

/** How often a request is made at most that ends like this. */
export function attemptsOf(outcome: Outcome): number {
  return outcome === "too-large" ? MAX_TOO_LARGE : MAX_ATTEMPTS;
}

/**
 * How long to wait (ms) after the n-th failure, n from 1: exponential with full jitter, `random` in [0, 1).
 * A server that says how long it needs (Retry-After, in ms) is given that much, within the same cap.
 */
export function backoffMs(failures: number, random: number, retryAfterMs: number | null = null): number {
  const jittered = random * Math.min(CAP_MS, BASE_MS * 2 ** (failures - 1));
  return Math.max(jittered, Math.min(CAP_MS, retryAfterMs ?? 0));
}
