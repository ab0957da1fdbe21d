import { describe, expect, test } from "bun:test";
import { errorOf, search, serve } from "./ask.ts";

const sandbox = await serve({ rows: 500, seed: 4 });

describe("the grammar", () => {
  test.each<[name: string, body: unknown, said: string]>([
    ["a body that is no object", [], "The body must be an object"],
    ["no context", {}, "queryContext is required"],
    ["an unknown context", { queryContext: "order" }, "Unknown queryContext order"],
    ["a klass that is not there", { queryContext: "kobject_boat" }, "Unknown queryContext kobject_boat"],
    ["a context by way of a prototype", { queryContext: "constructor" }, "Unknown queryContext constructor"],
    ["an unknown key", { queryContext: "customer", pageSize: 5 }, "Unknown property pageSize"],
    ["and that is no array", { queryContext: "customer", and: {} }, "and must be an array"],
    [
      "an unknown attribute",
      { queryContext: "customer", and: [{ customer_foo: { equals: 1 } }] },
      "Unknown attribute customer_foo",
    ],
    [
      "another context's attribute",
      { queryContext: "customer", and: [{ message_created_at: { gte: "2024-01-01" } }] },
      "Unknown attribute message_created_at",
    ],
    [
      "an undocumented time",
      { queryContext: "message", and: [{ message_modified_at: { gte: "2024-01-01" } }] },
      "Unknown attribute message_modified_at",
    ],
    [
      "the archive's attribute",
      { queryContext: "message", and: [{ message_conversation_id: { equals: "x" } }] },
      "Unknown attribute message_conversation_id",
    ],
    [
      "an unknown operator",
      { queryContext: "customer", and: [{ customer_updated_at: { after: "2024-01-01" } }] },
      "Unknown operator after",
    ],
    [
      "an operator of another kind",
      { queryContext: "customer", and: [{ customer_updated_at: { contains: "2024" } }] },
      "Unknown operator contains",
    ],
    [
      "two bounds at once",
      { queryContext: "customer", and: [{ customer_updated_at: { gte: "2024-01-01", lt: "2025-01-01" } }] },
      "exactly one property",
    ],
    [
      "two attributes at once",
      { queryContext: "customer", and: [{ customer_id: { equals: "x" }, customer_name: { equals: "y" } }] },
      "exactly one property",
    ],
    [
      "a date that is none",
      { queryContext: "customer", and: [{ customer_updated_at: { gte: "last week" } }] },
      "must be a date",
    ],
    [
      "an impossible date",
      { queryContext: "customer", and: [{ customer_updated_at: { gte: "2024-02-30" } }] },
      "must be a date",
    ],
    [
      "a time without its zone",
      { queryContext: "customer", and: [{ customer_updated_at: { gte: "2024-02-03T04:05:06" } }] },
      "must be a date",
    ],
    [
      "milliseconds for a date",
      { queryContext: "customer", and: [{ customer_updated_at: { gte: 1_700_000_000_000 } }] },
      "must be a date",
    ],
    [
      "not_set with a value",
      { queryContext: "customer", and: [{ customer_name: { not_set: true } }] },
      "an empty string",
    ],
    [
      "in without an array",
      { queryContext: "customer", and: [{ customer_id: { in: "x" } }] },
      "an array of strings",
    ],
    [
      "a sort that is no array",
      { queryContext: "customer", sort: { customer_updated_at: "asc" } },
      "sort must be an array",
    ],
    [
      "an unknown sort",
      { queryContext: "customer", sort: [{ customer_shoe_size: "asc" }] },
      "Unknown attribute customer_shoe_size",
    ],
    [
      "a sort by id",
      { queryContext: "customer", sort: [{ customer_id: "asc" }] },
      "Can not sort by customer_id",
    ],
    [
      "a sort without direction",
      { queryContext: "customer", sort: [{ customer_updated_at: "up" }] },
      'Unknown sort direction "up"',
    ],
    ["an unknown zone", { queryContext: "customer", timeZone: "Mars/Base" }, "Unknown timeZone"],
    [
      "includeDeleted as text",
      { queryContext: "customer", includeDeleted: "true" },
      "includeDeleted must be a boolean",
    ],
  ])("refuses %s", async (_, body, said) => {
    const { status, page } = await search(sandbox, body);
    expect(status).toBe(400);
    expect(errorOf(page)).toMatchObject({
      status: 400,
      code: "badparam",
      detail: expect.stringMatching(/^\//),
    });
    expect(errorOf(page).title).toContain(said);
    expect(errorOf(page).source).toHaveProperty("parameter");
  });

  test("names what is at fault, and where it stands", async () => {
    const and = [{ message_updated_at: { gte: "2026-01-01" } }, { message_shoe_size: { equals: 1 } }];
    expect(errorOf((await search(sandbox, { queryContext: "message", and })).page)).toEqual({
      status: 400,
      source: { parameter: "message_shoe_size" },
      code: "badparam",
      title: "Unknown attribute message_shoe_size",
      detail: "/and/1/message_shoe_size",
    });
  });

  test.each(["{", "", "nonsense"])("refuses %j, which is not JSON", async (body) => {
    const answer = await fetch(`${sandbox.url}/v1/customers/search`, {
      method: "POST",
      body,
      headers: { authorization: `Bearer ${sandbox.apiKey}` },
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({
      errors: [{ status: 400, code: "badparam", title: "Invalid request body or parameters" }],
    });
  });

  test.each(["page=0", "page=x", "pageSize=0", "pageSize=-1", "page=1.5"])("refuses %s", async (query) => {
    const { status, page } = await search(sandbox, { queryContext: "customer" }, query);
    expect(status).toBe(400);
    expect(errorOf(page).source).toHaveProperty("parameter");
  });

  test("takes every documented key", async () => {
    const { status } = await search(sandbox, {
      queryContext: "customer",
      and: [{ customer_updated_at: { gte: "2024-12-01" } }],
      or: [{ customer_locale: { equals: "de_DE" } }, { customer_locale: { in: ["fr_FR", "ja_JP"] } }],
      not: { customer_name: { not_set: "" } },
      sort: [{ customer_updated_at: "asc" }, { customer_created_at: "desc" }],
      timeZone: "GMT",
      includeDeleted: true,
      fields: ["customer_name"],
      aggs: {},
      searchHash: "x",
    });
    expect(status).toBe(200);
  });
});
