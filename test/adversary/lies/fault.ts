/** Answers that are no answers: refusals, broken connections, bodies that are not what they should be. */
import type { Ask } from "../ask.ts";
import { type Answer, emptyAnswer } from "../honest.ts";
import type { HowOften, Lie } from "../lie.ts";
import { planOf } from "../outcome.ts";
import { lie, listedOf, ofLists, ofRows, ofSearches, refuse, searchedOf } from "./told.ts";

const fault = (name: string, about: string, tell: NonNullable<Lie["tell"]>, ...oftens: HowOften[]) =>
  lie(name, about, { of: ofRows, visible: true, tell }, ...oftens);

const body = (name: string, about: string, other: unknown, ...oftens: HowOften[]) =>
  fault(`body-${name}`, about, (answer): Answer => ({ ...answer, body: other }), ...oftens);

const all = (_: Ask) => true;

const token = (name: string, about: string, tell: NonNullable<Lie["tell"]>, ...oftens: HowOften[]) =>
  lie(`token-${name}`, about, { of: (ask) => ask.by === "token", mayEnd: [2, 5], tell }, ...oftens);

/** The answer on the key with other members. */
function withToken(answer: Answer, members: Record<string, unknown>): Answer {
  const { data } = answer.body as { data: Record<string, unknown> };
  return { ...answer, body: { data: { ...data, ...members } } };
}

export const FAULT: readonly Lie[] = [
  ...lie(
    "storm-429",
    "a third of all answers are 429, and say until when",
    {
      of: all,
      visible: true,
      tell: (_, __, { now }) => ({
        ...emptyAnswer(429, "Too Many Requests"),
        headers: { "x-ratelimit-reset": String(Math.ceil(now() / 1_000) + 3), "x-ratelimit-remaining": "0" },
      }),
    },
    "some",
  ),
  ...lie(
    "storm-429-bare",
    "a few answers are 429, and say nothing more",
    { of: all, visible: true, tell: refuse(429, "") },
    "few",
  ),
  ...fault("resets", "connections break", (answer) => ({ ...answer, reset: true }), "some", "few"),
  ...fault("resets-always", "no connection holds", (answer) => ({ ...answer, reset: true })),
  ...lie(
    "resets-killed",
    "connections break, and the program is killed",
    {
      of: ofRows,
      visible: true,
      kills: true,
      tell: (answer) => ({ ...answer, reset: true }),
    },
    "some",
  ),
  ...fault("status-500", "500", refuse(500, "Internal Server Error"), "always", "some", "few"),
  ...fault("status-503", "503", refuse(503, "Service Unavailable"), "some"),
  ...fault("status-401", "401 to what was allowed before", refuse(401, "Unauthorized"), "few"),
  ...fault("status-403", "403 to what was allowed before", refuse(403, "Forbidden"), "few"),
  ...fault("status-404", "404 to what was there before", refuse(404, "Not Found"), "some", "few"),
  ...fault("status-400", "400 to what was right before", refuse(400, "Bad Request"), "few"),
  ...fault(
    "status-204",
    "204 with nothing",
    (answer) => ({ ...answer, status: 204, raw: "" }),
    "always",
    "few",
  ),
  ...fault("status-304", "304 with nothing", (answer) => ({ ...answer, status: 304, raw: "" }), "few"),
  ...fault(
    "status-202",
    "202, to be done later",
    (answer) => ({ ...answer, status: 202, body: { meta: {}, data: [], links: { next: null } } }),
    "always",
    "few",
  ),
  ...lie("one-stream-403", "403 to everything of one stream", {
    of: ofRows,
    visible: true,
    tell: (answer, ask, { account }) =>
      ask.kind === searchedOf(account.seed) ? emptyAnswer(403, "Missing role") : answer,
  }),
  ...lie("one-list-404", "404 to everything of one list", {
    of: ofLists,
    visible: true,
    tell: (answer, ask, { account }) =>
      ask.kind === listedOf(account.seed) ? emptyAnswer(404, "Not Found") : answer,
  }),
  ...body("empty", "200 with {}", {}, "always", "few"),
  ...body("null", "200 with null", null, "few"),
  ...body(
    "errors",
    "200 with errors",
    { errors: [{ code: "internal", title: "Something broke" }] },
    "always",
    "few",
  ),
  ...body(
    "data-null",
    "200 with data null",
    { meta: { total: 0 }, data: null, links: { next: null } },
    "always",
    "few",
  ),
  ...body(
    "data-object",
    "200 with an object for data",
    { meta: { total: 1 }, data: {}, links: { next: null } },
    "few",
  ),
  ...fault(
    "body-cut",
    "JSON that ends in the middle",
    (answer) => {
      const text = JSON.stringify({ meta: answer.meta, data: answer.rows, links: answer.links });
      return { ...answer, raw: text.slice(0, Math.floor(text.length / 2)) };
    },
    "some",
    "few",
  ),
  ...fault(
    "body-html",
    "a page for people",
    (answer) => ({ ...answer, raw: "<html>We'll be back</html>" }),
    "some",
  ),
  ...fault("body-none", "200 with no body", (answer) => ({ ...answer, raw: "" }), "always", "few"),
  ...lie(
    "errors-beside",
    "the rows that were found, half of them, and errors beside",
    {
      of: ofSearches,
      visible: true,
      tell: (answer) => {
        const data = answer.rows.slice(0, Math.floor(answer.rows.length / 2));
        return {
          ...answer,
          body: {
            meta: { ...answer.meta, total: data.length },
            data,
            links: { next: null },
            errors: [{ title: "2 of 3 shards failed" }],
          },
        };
      },
    },
    "always",
    "few",
  ),
  ...lie(
    "hangs",
    "a few answers never come",
    { of: ofRows, visible: true, timeout: "3m", tell: (answer) => ({ ...answer, hang: true }) },
    "few",
  ),
  ...fault(
    "status-302",
    "a few answers are elsewhere",
    (answer) => ({ ...answer, status: 302, raw: "", headers: { location: "http://127.0.0.1:9/elsewhere" } }),
    "few",
  ),
  ...token("500", "the key cannot be looked up", refuse(500, "Internal Server Error"), "always", "some"),
  ...token("empty", "nothing is said of the key", (answer) => ({ ...answer, body: {} })),
  ...token("no-roles", "the key has no roles", (answer) => withToken(answer, { attributes: { roles: [] } })),
  // A first sync would give the file to the other organisation, and all later ones would rightly be refused.
  ...token("other-org", "the key is of another organisation, in a later sync", (answer, _, { account }) =>
    planOf(account.seed) === "first"
      ? answer
      : withToken(answer, {
          relationships: { org: { data: { type: "org", id: "5f00000000000000000000ff" } } },
        }),
  ),
  ...token("no-org", "the key is of no organisation", (answer) => withToken(answer, { relationships: {} })),
];
