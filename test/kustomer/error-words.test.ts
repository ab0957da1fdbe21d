import { expect, test } from "bun:test";
import { readSaid } from "../../src/kustomer/error-words.ts";

const errors = (...objects: unknown[]) => JSON.stringify({ errors: objects });

test.each<[name: string, body: string, said: string | undefined]>([
  ["the usual error", errors({ code: "bad_request", message: "Invalid body.", meta: {} }), "Invalid body."],
  [
    "a JSON:API error",
    errors({
      status: "400",
      code: "x",
      title: "Bad Request",
      detail: "too many",
      source: { parameter: "pageSize" },
    }),
    "Bad Request: too many (pageSize)",
  ],
  ["a pointer", errors({ title: "Bad", source: { pointer: "/data/a" } }), "Bad (/data/a)"],
  [
    "the plural Kustomer writes",
    errors({ title: "No", source: { parameters: "authorization" } }),
    "No (authorization)",
  ],
  ["several errors", errors({ message: "one" }, { message: "two" }), "one; two"],
  ["a code alone", errors({ code: "not_found" }), "not_found"],
  ["odd types", errors({ message: 7, title: null, code: "odd", source: "x" }), "odd"],
  ["an object without words", errors({}), "an error without words"],
  ["another object", '{"message":"Forbidden"}', "Forbidden"],
  ["another object yet", '{"error":"nope","at":1}', "nope"],
  ["any JSON", '{ "a": [1, 2] }', '{"a":[1,2]}'],
  [
    "JSON without an end to its depth",
    `{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`,
    `{"a":${"[".repeat(292)}...`,
  ],
  ["plain text", "  upstream\n\n connect error ", "upstream connect error"],
  [
    "a gateway's page",
    "<!doctype html><html><head><title>t</title><style>a{}</style></head><body><!-- x --><h1>502&nbsp;Bad</h1><script>var a;</script><p>try &lt;later&gt; &amp; again</body></html>",
    "502 Bad try <later> & again",
  ],
  ["markup that is never closed", `Oops<script>${"<script ".repeat(100_000)}`, "Oops"],
  ["terminal control", "a\u001b[31mred\u0007\u009b\u202e", "a [31mred"],
  ["nothing", "", undefined],
  ["only markup", "<html></html>", undefined],
])("%s", (_name, body, said) => {
  expect(readSaid(body)).toBe(said);
});

test("is never long, however long the answer", () => {
  for (const body of [
    "word ".repeat(100_000),
    `<p>${"x".repeat(1_000_000)}`,
    errors({ message: "y".repeat(5_000) }),
  ]) {
    const said = readSaid(body) ?? "";
    expect(said.length).toBeLessThanOrEqual(300);
    expect(said).toEndWith("...");
  }
});
