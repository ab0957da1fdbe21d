/**
 * Who the key is. `GET /v1/auth/tokens/current` answers any valid key whatever its roles, which makes it
 * the one way to tell a key that is no good from a key that lacks a role.
 */
import { AppError } from "../lib/errors.ts";
import type { Client } from "./client.ts";
import { ROLE_HINT, revise } from "./failures.ts";
import { isObject } from "./shapes.ts";

export type Token = {
  readonly id: string | null;
  readonly name: string | null;
  readonly roles: readonly string[];
  readonly orgId: string | null;
};

export type CurrentToken = Token & {
  /** The server's clock (ms); null when the answer has no date. */
  readonly serverTime: number | null;
};

const KEY_HINT = "check the key: it may have expired, been deleted, or be limited to other addresses";

/** https://developer.kustomer.com/docs/get-started/quickstart; throws `auth` when the key is refused. */
export async function readToken(client: Client): Promise<CurrentToken> {
  const answer = await client.request({
    method: "GET",
    path: "/v1/auth/tokens/current",
    budget: "org",
    parse: parseToken,
  });
  return { ...answer.value, serverTime: answer.serverTime };
}

/**
 * Kustomer's older documentation answers a missing role with 401, others see 403. Asks who the key is: when
 * that works the stream is not permitted (`role`), when it is refused the key is no good (`auth`). Any other
 * error comes back unchanged.
 */
export async function classifyDenied(client: Client, error: AppError): Promise<AppError> {
  if (error.status !== 401 && error.status !== 403) return error;
  try {
    await readToken(client);
  } catch (second) {
    if (!(second instanceof AppError)) throw second;
    if (second.code === "interrupted") throw second;
    if (second.code === "auth") return revise(error, { code: "auth", hint: second.hint ?? KEY_HINT });
    // Anything but a refusal tells nothing about the key, and the first answer stands as it was.
    return second.code === "role" ? revise(error, { code: "auth", hint: KEY_HINT }) : error;
  }
  return revise(error, { code: "role", hint: ROLE_HINT });
}

function parseToken(body: unknown): Token {
  if (!isObject(body) || !isObject(body.data)) throw new AppError("shape", "it does not describe a key");
  const { id, attributes, relationships } = body.data;
  const { name, roles } = isObject(attributes) ? attributes : {};
  const org = isObject(relationships) && isObject(relationships.org) ? relationships.org.data : null;
  return {
    id: text(id),
    name: text(name),
    roles: Array.isArray(roles) ? roles.filter((role) => typeof role === "string") : [],
    orgId: isObject(org) ? text(org.id) : null,
  };
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
