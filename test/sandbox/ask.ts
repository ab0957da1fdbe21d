/** Asks a sandbox over real HTTP, with the key, and hands back what came. */
import { afterAll } from "bun:test";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../src/sandbox/sandbox.ts";

export type Row = {
  type: string;
  id: string;
  attributes: Record<string, unknown>;
  relationships: Record<string, unknown>;
};

export type Page = {
  meta: Record<string, unknown>;
  data: Row[];
  links: Record<string, string | null>;
};

export type Asked = { status: number; headers: Headers; text: string; page: Page };

/** Limits that no test meets by accident. */
export const NO_LIMITS = { rpm: 1_000_000, searchRpm: 1_000_000 };

/** Starts a sandbox that is stopped when the tests of the file are over. */
export async function serve(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ invited: 0, ...NO_LIMITS, ...options });
  afterAll(() => sandbox.stop());
  return sandbox;
}

export async function ask(sandbox: Sandbox, path: string, init: RequestInit = {}): Promise<Asked> {
  const headers = {
    authorization: `Bearer ${sandbox.apiKey}`,
    "content-type": "application/json",
    ...init.headers,
  };
  const response = await fetch(sandbox.url + path, { ...init, headers });
  const text = await response.text();
  let page: unknown = null;
  try {
    page = JSON.parse(text);
  } catch {
    // Some answers are meant not to be JSON; their tests look at the text.
  }
  return { status: response.status, headers: response.headers, text, page: page as Page };
}

/** Asks the standard search; `query` is the query string without its question mark. */
export function search(sandbox: Sandbox, body: unknown, query = ""): Promise<Asked> {
  return ask(sandbox, `/v1/customers/search?${query}`, { method: "POST", body: JSON.stringify(body) });
}

export function searchArchive(sandbox: Sandbox, body: unknown, query = ""): Promise<Asked> {
  return ask(sandbox, `/v1/customers/archive/search?${query}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
}

/** Follows `links.next` from a path to the end. */
export async function listAll(sandbox: Sandbox, path: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (let next: string | null = path; next !== null; ) {
    const { status, page, text } = await ask(sandbox, next);
    if (status !== 200) throw new Error(`${next} answered ${status}: ${text}`);
    rows.push(...page.data);
    next = page.links.next ?? null;
  }
  return rows;
}

/** Reads all pages of a search in the order of their numbers. */
export async function searchAll(sandbox: Sandbox, body: unknown, archive = false): Promise<Row[]> {
  const rows: Row[] = [];
  for (let page = 1; ; page++) {
    const answer = await (archive ? searchArchive : search)(sandbox, body, `page=${page}&pageSize=500`);
    if (answer.status !== 200) throw new Error(`page ${page} answered ${answer.status}: ${answer.text}`);
    rows.push(...answer.page.data);
    if (answer.page.links.next === null) return rows;
  }
}

export const CONTEXTS = {
  conversations: "conversation",
  customers: "customer",
  kobjects: "kobject",
  messages: "message",
  notes: "note",
} as const;

/** The milliseconds of a row's time attribute. */
export function timeOf(row: Row, name: string): number {
  return Date.parse(row.attributes[name] as string);
}

/** A clock that stands until it is moved. */
export function standingClock(start: number): { now: () => number; move: (ms: number) => void } {
  let at = start;
  return {
    now: () => at,
    move: (ms) => {
      at += ms;
    },
  };
}

/** The one error of an error body. */
export function errorOf(page: Page): Record<string, unknown> {
  return (page as unknown as { errors: Record<string, unknown>[] }).errors[0]!;
}
