/** Which question an admitted request asks, and the answer to it. Every refusal has one of Kustomer's error shapes. */
import { formatTime } from "../lib/time.ts";
import { STREAMS } from "../streams/index.ts";
import { type Answer, type Fault, Refusal } from "./answers.ts";
import { toOrg } from "./links.ts";
import { answerList, listedStream } from "./lists.ts";
import { inOtherContext } from "./other-context.ts";
import type { Playing } from "./playing.ts";
import { parseQuery } from "./query.ts";
import { render } from "./render.ts";
import { answerSetting, settingOf } from "./setting-lists.ts";
import { enlarge } from "./vast-answers.ts";
import type { World } from "./world.ts";

const SEARCHES: Readonly<Record<string, { archive: boolean }>> = {
  "/v1/customers/search": { archive: false },
  "/v1/customers/archive/search": { archive: true },
};

export type Routes = {
  readonly world: World;
  readonly playing: Playing;
  /** Streams that the key has no role for. */
  readonly withoutRole: readonly string[];
  readonly apiKey: string;
};

/** True for a request that counts as a search. */
export function isSearch(method: string, path: string): boolean {
  return method === "POST" && Object.hasOwn(SEARCHES, path);
}

/** True for a path that this server answers with anything but 404. */
export function isKnown(method: string, path: string): boolean {
  return (
    isSearch(method, path) ||
    (method === "GET" && (path in FACTS || listedStream(path) !== null || settingOf(path) !== null))
  );
}

/** Answers a request with its whole body; `now` is the server's clock in ms. Throws `Refusal` to say no. */
export function answerRequest(routes: Routes, method: string, url: URL, body: string, now: number): Answer {
  const path = url.pathname;
  const quirks = routes.playing.quirks();
  if (isSearch(method, path)) {
    const { archive } = SEARCHES[path]!;
    const asked = readJson(body);
    const query = parseQuery(asked, archive);
    needRole(routes, "search", {});
    needRole(routes, query.objects.stream, {});
    const { archiveStatus = 200 } = quirks;
    if (archive && archiveStatus !== 200) throw new Refusal(archiveStatus);
    const { search, searchArchive } = routes.playing;
    const given = inOtherContext(
      query,
      asked as Record<string, unknown>,
      archive,
      quirks.contextsGiven ?? {},
    );
    const answer = (archive ? searchArchive : search)(given, url.searchParams, { archive, now, quirks });
    const { stream } = given.objects;
    return enlarge(routes.world, answer, { path, context: query.context, stream }, quirks);
  }
  if (method === "GET" && Object.hasOwn(FACTS, path)) return { status: 200, body: FACTS[path]!(routes, now) };
  const setting = method === "GET" ? settingOf(path) : null;
  if (setting !== null) {
    needRole(routes, setting, { source: { parameters: "authorization" } });
    return answerSetting(routes.world, path, url.searchParams);
  }
  const stream = method === "GET" ? listedStream(path) : null;
  if (stream === null) throw new Refusal(404);
  needRole(routes, stream, { source: { parameters: "authorization" } });
  const answer = answerList(routes.world, path, url.searchParams, quirks);
  return enlarge(routes.world, answer, { path, context: null, stream }, quirks);
}

function readJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Refusal(400);
  }
}

/** The role that reading a stream takes; `search` is one of its own. */
function roleOf(stream: string): string {
  if (stream === "search") return "org.permission.search.create";
  return STREAMS.find(({ name }) => name === stream)?.roles[0] ?? `org.permission.${stream}.read`;
}

function needRole(routes: Routes, stream: string, fault: Fault): void {
  if (!routes.withoutRole.includes(stream)) return;
  const { roleStatus = 403 } = routes.playing.quirks();
  throw new Refusal(roleStatus, `Missing role ${roleOf(stream)}`, fault);
}

const FACTS: Readonly<Record<string, (routes: Routes, now: number) => unknown>> = {
  "/v1/auth/tokens/current": ({ world, withoutRole, apiKey }, now) => {
    const id = `5f1f0c2a9b1d2e0019aa${(world.seed & 0xffff).toString(16).padStart(4, "0")}`;
    const roles = ["search", ...STREAMS.map(({ name }) => name)]
      .filter((name) => !withoutRole.includes(name))
      .map(roleOf);
    return {
      data: {
        type: "auth_token",
        id,
        attributes: {
          lastTokenChars: apiKey.slice(-4),
          name: "sandbox",
          ipAddress: "127.0.0.1",
          userAgent: "kustomer-sync",
          roles,
          createdAt: formatTime(world.anchor - 90 * 86_400_000),
          updatedAt: formatTime(world.anchor),
          lastAccessedAt: formatTime(now),
        },
        relationships: {
          org: toOrg(world),
          user: {
            links: { self: `/v1/users/${currentUser(world)}` },
            data: { type: "user", id: currentUser(world) },
          },
        },
        links: { self: `/v1/auth/tokens/${id}` },
      },
    };
  },
  "/v1/users/current": ({ world }) => ({
    data:
      world.tables.users.size > 0
        ? render(world, "users", 0)
        : {
            type: "user",
            id: currentUser(world),
            attributes: { name: "sandbox", userType: "machine" },
            relationships: { org: toOrg(world) },
          },
  }),
};

/** The machine user that the key belongs to. */
function currentUser(world: World): string {
  return world.tables.users.size > 0 ? world.tables.users.id(0) : world.orgId;
}
