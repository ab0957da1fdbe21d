/**
 * Serves an account as Kustomer's documents say, and one lie at a time. Every request is counted and logged, so that
 * a failure can be told from what was asked and answered.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Account } from "./account.ts";
import { type Ask, inWords, Refused, readAsk } from "./ask.ts";
import { type Answer, answerHonestly, emptyAnswer } from "./honest.ts";
import type { Lie, Teller } from "./lie.ts";
import { createRandom, hash, type Random } from "./random.ts";
import type { WorldClock } from "./world-clock.ts";

export const KEY = "adversary-key";

export type Telling = { readonly lie: Lie; readonly turn: number; readonly memory: Map<string, unknown> };

export class AdversaryServer {
  readonly #server;
  readonly log: string[] = [];
  /** Requests since `beginSync`. */
  requests = 0;
  /** Those of them whose answer was not the truth. */
  lies = 0;
  telling: Telling | null = null;
  /** Called before each answer, with the request's number in its sync. */
  onRequest: (nth: number) => void = () => {};
  readonly #asked = new Map<string, number>();
  #random: Random;

  readonly account: Account;
  readonly clock: WorldClock;

  private constructor(account: Account, clock: WorldClock) {
    this.account = account;
    this.clock = clock;
    this.#random = createRandom(account.seed, "lies");
    this.#server = createServer((request, response) => {
      void this.#serve(request, response);
    });
  }

  static async start(account: Account, clock: WorldClock): Promise<AdversaryServer> {
    const server = new AdversaryServer(account, clock);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A new sync begins: what is told, and under which name the log has it. */
  beginSync(name: string, telling: Telling | null): void {
    this.requests = 0;
    this.lies = 0;
    this.telling = telling;
    this.#asked.clear();
    this.#random = createRandom(this.account.seed, telling?.lie.name ?? "honest", name);
    this.log.push(`== ${name} at ${new Date(this.clock.now()).toISOString()}`);
  }

  teller(): Teller {
    const { account } = this;
    const now = () => this.clock.now();
    return {
      ...{ account, now, random: this.#random },
      honest: (ask, view, old) => answerHonestly(account, ask, now(), view, old),
      turn: this.telling?.turn ?? 0,
      memory: this.telling?.memory ?? new Map(),
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const nth = ++this.requests;
    this.onRequest(nth);
    const target = request.url ?? "/";
    let words = `${request.method} ${target}`;
    let answer: Answer;
    let told = false;
    try {
      if (request.headers.authorization !== `Bearer ${KEY}`) throw new Refused(401, "unauthorized");
      const ask = readAsk(nth, request.method ?? "GET", target, Buffer.concat(chunks).toString());
      words = inWords(ask);
      told = this.#lies(ask);
      answer = this.#answer(ask, told);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      words += ` (${error.message})`;
      answer = emptyAnswer(error.status, error.message);
    }
    if (told) this.lies += 1;
    this.log.push(`${nth} ${words} -> ${inShort(answer)}${told ? " LIE" : ""}`);
    this.#send(request, response, answer);
  }

  #answer(ask: Ask, told: boolean): Answer {
    const { telling } = this;
    const teller = this.teller();
    if (!told || telling === null) return teller.honest(ask);
    const { lie } = telling;
    const heard = lie.mishear?.(ask, teller) ?? ask;
    const answer = teller.honest(heard);
    return lie.tell?.(answer, ask, teller) ?? answer;
  }

  /** Whether this very answer is to be a lie. */
  #lies(ask: Ask): boolean {
    const lie = this.telling?.lie;
    if (lie === undefined || (lie.tell ?? lie.mishear) === undefined || lie.of?.(ask) === false) return false;
    if (lie.often === "always") return true;
    if (lie.often === "some") return this.#random.chance(0.33);
    // A few: of the first questions of each kind, each stream, the first, or the second and the third, or the fourth.
    const what = `${ask.by} ${ask.kind?.name} ${ask.pageSize === 1}`;
    const count = (this.#asked.get(what) ?? 0) + 1;
    this.#asked.set(what, count);
    const chosen = [[1], [1], [2, 3], [4]][hash(`${this.account.seed} ${lie.name} ${what}`) % 4]!;
    return chosen.includes(count);
  }

  #send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
    if (answer.reset) request.socket.destroy();
    if (answer.reset || answer.hang) return;
    const now = this.clock.now();
    const lie = this.telling?.lie;
    const date = lie?.date === undefined ? new Date(now).toUTCString() : lie.date(now, this.teller());
    response.sendDate = false;
    response.writeHead(answer.status, {
      "content-type": "application/json",
      ...(date === null ? {} : { date }),
      "x-ratelimit-limit": "1000000",
      "x-ratelimit-remaining": "999000",
      "x-kustomer-pod": "prod1",
      ...answer.headers,
    });
    response.end(answer.raw ?? JSON.stringify(bodyOf(answer)));
  }
}

function bodyOf(answer: Answer): unknown {
  if (answer.body !== undefined) return answer.body;
  const { meta, rows, links } = answer;
  return { ...(meta === null ? {} : { meta }), data: rows, ...(links === null ? {} : { links }) };
}

function inShort(answer: Answer): string {
  if (answer.reset) return "reset";
  if (answer.hang) return "nothing";
  if (answer.raw !== undefined) return `${answer.status} ${answer.raw.slice(0, 30)}`;
  if (answer.body !== undefined) return `${answer.status}`;
  const times = answer.rows.map((row) => String(row?.attributes?.updatedAt ?? ""));
  const span = times.length === 0 ? "" : ` ${times[0]}..${times.at(-1)}`;
  const { total } = answer.meta ?? {};
  const next = answer.links?.next ? " next" : "";
  return `${answer.status} ${answer.rows.length}${total === undefined ? "" : ` of ${String(total)}`}${span}${next}`;
}
