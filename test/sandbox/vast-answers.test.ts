/** Answers that are too much, and what they cost the server. */
import { expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { watchPeak } from "../../scripts/peak-memory.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { ask, search, searchArchive, serve } from "./ask.ts";
import { sorted } from "./lies.ts";
import { raw } from "./oddities.ts";

/** Reads so many bytes of an answer to a search of notes and throws them away; null: reads none and stays. */
function read(sandbox: Pick<Sandbox, "url" | "apiKey">, most: number | null): Promise<Socket> {
  const body = JSON.stringify(sorted("note"));
  const { hostname, port } = new URL(sandbox.url);
  const socket = connect(Number(port), hostname);
  socket.write(
    `POST /v1/customers/search HTTP/1.1\r\nhost: ${hostname}:${port}\r\nauthorization: Bearer ${sandbox.apiKey}\r\n` +
      `content-length: ${body.length}\r\n\r\n${body}`,
  );
  return new Promise((resolve) => {
    let size = 0;
    socket.on("data", (piece) => {
      size += piece.length;
      if (size < (most ?? 0)) return;
      if (most === null) socket.pause();
      else socket.destroy();
      resolve(socket);
    });
  });
}

test("an answer without end costs no memory, whether somebody reads it or not", async () => {
  // A process of its own: what other tests have left in this one would be measured, too.
  const main = join(import.meta.dir, "../../src/main.ts");
  const args = ["sandbox", "--port", "0", "--json", "--rows", "1000", "--as", "body-unending"];
  const server = Bun.spawn([process.execPath, main, ...args], { stdout: "pipe", stderr: "ignore" });
  try {
    const { value } = await server.stdout.getReader().read();
    const { url } = JSON.parse(new TextDecoder().decode(value)) as { url: string };
    const sandbox = { url, apiKey: "sandbox-key" };
    await read(sandbox, 100_000_000);
    const before = peakOf(server.pid);
    const idle = await read(sandbox, null);
    await read(sandbox, 600_000_000);
    expect(peakOf(server.pid) - before).toBeLessThan(200_000_000);
    idle.destroy();
  } finally {
    server.kill();
    await server.exited;
  }
});

/** The most memory that a process had, bytes; 0 where the system does not tell. */
function peakOf(pid: number): number {
  return watchPeak(pid).stop() ?? 0;
}

test("a server with an answer without end under way can be stopped", async () => {
  const sandbox = await serve({ rows: 1_000, quirks: { bodyUnending: "note" } });
  const owed = raw(sandbox.url, sandbox.apiKey, Number.POSITIVE_INFINITY).then(
    () => "came to an end",
    () => "was broken off",
  );
  while (sandbox.stats().requests === 0) await Bun.sleep(1);
  await sandbox.stop();
  expect(await owed).toBe("was broken off");
});

test("a list can be named by its path, and no rows are spaces", async () => {
  const sandbox = await serve({
    rows: 0,
    quirks: { bodyUnending: "/v1/tags", bodyBomb: "/v1/teams", bombBytes: 3_000_000 },
  });
  const response = await fetch(`${sandbox.url}/v1/tags`, {
    headers: { authorization: `Bearer ${sandbox.apiKey}` },
  });
  const reader = response.body!.getReader();
  let text = "";
  while (text.length < 100_000) text += Buffer.from((await reader.read()).value!).toString();
  await reader.cancel();
  expect(text.trimEnd()).toBe('{"data":[');
  const packed = await ask(sandbox, "/v1/teams");
  expect([packed.text.length > 2_000_000, packed.page]).toEqual([true, { data: [] } as never]);
});

test("a nested row is nested in lists too, and told of in full by control", async () => {
  const sandbox = await serve({ rows: 300, quirks: { rowNested: "tags", nestedDepth: 3 } });
  const { data } = (await ask(sandbox, "/v1/tags")).page;
  const odd = data.filter(({ attributes }) => attributes.nested !== undefined);
  expect(odd.map(({ attributes }) => attributes.nested)).toEqual([[[[]]]]);
  const control = await (await fetch(`${sandbox.url}/_sandbox/row?stream=tags&id=${odd[0]!.id}`)).json();
  const { nested: _, ...attributes } = odd[0]!.attributes;
  expect(control).toEqual({ ...odd[0], attributes });
});

test("a nested row comes in a search, not among mere ids, and again and again without end", async () => {
  const sandbox = await serve({ rows: 300, quirks: { rowNested: "notes", nestedDepth: 60_000 } });
  const deep = `"nested":${"[".repeat(60_000)}]`;
  expect((await search(sandbox, sorted("note"), "pageSize=500")).text).toContain(deep);
  expect((await searchArchive(sandbox, sorted("message"), "pageSize=500")).text).not.toContain("nested");
  expect((await search(sandbox, sorted("note"), "pageSize=500&idsOnly=true")).text).not.toContain("nested");
  sandbox.play({ rowNested: "notes", nestedDepth: 60_000, bodyUnending: "note" });
  const { bytes } = await raw(sandbox.url, sandbox.apiKey, 1_000_000);
  expect(bytes.toString("latin1").split(deep).length).toBeGreaterThan(3);
});
