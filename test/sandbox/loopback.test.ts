/** The control endpoints are for programs of this machine: no web page that a browser has open can use them. */
import { describe, expect, test } from "bun:test";
import { request } from "node:http";
import { serve } from "./ask.ts";

const sandbox = await serve({ rows: 300 });
const { port, host } = new URL(sandbox.url);

/** The status of a request with exactly these headers. */
function status(method: string, path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: "127.0.0.1", port, method, path, headers: { host, ...headers } },
      (answer) => {
        answer.resume();
        answer.on("end", () => resolve(answer.statusCode ?? 0));
      },
    );
    asked.on("error", reject);
    asked.end();
  });
}

const change = (headers: Record<string, string>) => status("POST", "/_sandbox/change?count=1", headers);

describe("control is given to", () => {
  test.each(["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])("%s", async (name) => {
    expect(await change({ host: `${name}:${port}` })).toBe(200);
    expect(await status("GET", "/_sandbox/stats", { host: name })).toBe(200);
  });

  test("its own origin", async () => {
    expect(await change({ origin: sandbox.url, "sec-fetch-site": "same-origin" })).toBe(200);
  });
});

describe("control is refused to", () => {
  test.each([
    "sandbox.example.com",
    "127.0.0.1.example.com",
    "localhost.example.com:80",
    "10.0.0.1",
    "user@127.0.0.1",
    "[::2]",
  ])("the host %s, which may be a name that somebody made to resolve to this machine", async (name) => {
    expect(await change({ host: name })).toBe(403);
    expect(await status("GET", "/_sandbox/truth?stream=messages", { host: name })).toBe(403);
  });

  test.each<[string, Record<string, string>]>([
    ["another site", { origin: "https://example.com" }],
    ["a page of another port", { origin: "http://localhost:1" }],
    ["a page that hides where it is from", { origin: "null" }],
    ["a page that is told of as another site's", { "sec-fetch-site": "cross-site" }],
  ])("%s", async (_, headers) => {
    expect(await change({ ...headers, "content-type": "text/plain" })).toBe(403);
    expect(await status("POST", "/_sandbox/as?readings=answers-empty", headers)).toBe(403);
  });

  test("anybody, and then nothing has happened", async () => {
    const truth = () => JSON.stringify([...sandbox.truth("messages")]);
    const before = truth();
    for (let nth = 0; nth < 20; nth++) await change({ origin: "https://example.com" });
    expect(truth()).toBe(before);
  });
});
