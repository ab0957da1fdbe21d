/**
 * Takes a request through key, budgets, faults and routes to its reply. A request is counted, and meets its
 * fault, in the order of arrival; what it finds is what is there when it is answered.
 */
import type { IncomingMessage } from "node:http";
import { type Answer, Refusal } from "./answers.ts";
import type { Budgets } from "./budgets.ts";
import type { Delivery, FaultKind, Faults } from "./faults.ts";
import type { Quirks } from "./quirks.ts";
import { answerRequest, isKnown, isSearch, type Routes } from "./routes.ts";
import { countAnswered, type Tally } from "./stats.ts";

export type Reply = { answer: Answer; delivery: Delivery; fault: FaultKind | null };

export type HandlerParts = {
  readonly routes: Routes;
  readonly budgets: Budgets;
  readonly faults: Faults;
  readonly tally: Tally;
  /** The server's clock, ms. */
  readonly clock: () => number;
  /** What happens between a request's arrival and its answer. */
  readonly before: () => Promise<void>;
};

/** Bodies larger than this are refused. */
const MOST_BYTES = 100_000;

/** Makes the one function that answers requests of the API. */
export function createHandler(
  parts: HandlerParts,
): (method: string, url: URL, request: IncomingMessage) => Promise<Reply> {
  const { routes, budgets, faults, tally, clock } = parts;
  return async (method, asked, request) => {
    const url = new URL(asked);
    // A slash at the end of a path makes no difference to Kustomer.
    if (url.pathname.length > 1 && url.pathname.endsWith("/")) url.pathname = url.pathname.slice(0, -1);
    const path = url.pathname;
    const search = isSearch(method, path);
    const name = isKnown(method, path) ? `${method} ${path}` : "unknown";
    tally.byPath[name] = (tally.byPath[name] ?? 0) + 1;
    if (request.headers.authorization !== `Bearer ${routes.apiKey}`) {
      tally.unauthorized++;
      await readBody(request);
      return whole(
        new Refusal(
          401,
          undefined,
          method === "GET" ? { source: { parameters: "authorization" } } : {},
        ).answer(),
      );
    }
    const { admitted, headers } = budgets.admit(clock(), search, routes.playing.quirks());
    const drawn = admitted ? faults.draw() : null;
    const body = await readBody(request);
    if (!admitted) return whole(new Refusal(429).answer(headers));
    await parts.before();
    const now = clock();
    const own = attempt(() => {
      if (body === null) throw new Refusal(413);
      return answerRequest(routes, method, url, body, now);
    });
    const fault =
      drawn === null ? null : inflict(faults, drawn, own, shownClock(routes.playing.quirks(), now) ?? now);
    if (fault !== null) {
      tally.faults++;
      tally.faultsByKind[fault.fault] = (tally.faultsByKind[fault.fault] ?? 0) + 1;
    }
    const well = own.status === 200 && (fault === null || fault.fault === "slow");
    if (well && search) countAnswered(tally, `${path}${url.search} ${body}`);
    const reply = fault ?? whole(own);
    return { ...reply, answer: { ...reply.answer, headers: { ...headers, ...reply.answer.headers } } };
  };
}

/** The clock that the server's `Date` header shows at its own `now`, ms; null when there is no such header. */
export function shownClock({ clockAbsent = false, clockOffsetMs = 0 }: Quirks, now: number): number | null {
  return clockAbsent ? null : now + clockOffsetMs;
}

const whole = (answer: Answer): Reply => ({ answer, delivery: "whole", fault: null });

/** Does a fault to an answer; one that can not be done to it, such as a short page of a list, becomes a 500. */
function inflict(faults: Faults, kind: FaultKind, own: Answer, now: number): Reply & { fault: FaultKind } {
  const faulted = faults.apply(kind, own, now);
  if (faulted !== null) return { ...faulted, fault: kind };
  return { answer: new Refusal(500).answer(), delivery: "whole", fault: "500" };
}

/** The answer, or the refusal that came instead. */
function attempt(work: () => Answer): Answer {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) return error.answer();
    throw error;
  }
}

/** Reads a body to its end, also one that nobody wants; null when it is larger than allowed. */
export async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MOST_BYTES) chunks.push(chunk);
  }
  return size > MOST_BYTES ? null : Buffer.concat(chunks).toString("utf8");
}
