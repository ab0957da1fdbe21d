/** The sandbox's own endpoints under `/_sandbox/`, without key or limits: for tests and for other processes of this machine. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { ChangeSummary } from "./changes.ts";
import { roomIn } from "./delivery.ts";
import { isReading, type ReadingName } from "./readings.ts";
import { render, truthOf } from "./render.ts";
import type { Stats } from "./stats.ts";
import { holdsStream, isStreamName, type World } from "./world.ts";

export type Control = {
  readonly world: World;
  readonly stats: () => Stats;
  readonly change: (count: number) => ChangeSummary;
  /** Changes something in each kind of setting; returns their streams. */
  readonly changeSettings: () => string[];
  /** Removes so many rows of a stream for good, and returns their ids. */
  readonly purge: (stream: string, count: number) => string[];
  /** Sets how many changes happen per second from now on. */
  readonly churn: (rate: number) => void;
  /** Plays these readings and no others from now on. */
  readonly play: (names: readonly ReadingName[]) => void;
  readonly stallIndex: () => void;
  readonly resumeIndex: () => void;
};

/** Answers a control request. */
export async function answerControl(
  control: Control,
  request: IncomingMessage,
  url: URL,
  response: ServerResponse,
): Promise<void> {
  if (!isFromHere(request.headers)) return json(response, 403, { error: "not for other sites" });
  const { world } = control;
  const stream = url.searchParams.get("stream") ?? "";
  switch (`${request.method} ${url.pathname.slice("/_sandbox/".length)}`) {
    case "GET stats":
      return json(response, 200, control.stats());
    case "GET truth": {
      if (!holdsStream(world, stream))
        return json(response, 400, { error: `no stream ${JSON.stringify(stream)}` });
      response.writeHead(200, { "content-type": "application/x-ndjson" });
      let lines = "";
      for (const truth of truthOf(world, stream)) {
        lines += `${JSON.stringify(truth)}\n`;
        if (lines.length < 65_536) continue;
        if (!response.write(lines)) await roomIn(response);
        if (response.destroyed) return;
        lines = "";
      }
      return void response.end(lines);
    }
    case "GET row": {
      const setting = world.settings.of(stream).find(({ id }) => id === url.searchParams.get("id"));
      if (setting !== undefined) return json(response, 200, setting);
      const row = isStreamName(stream) ? world.tables[stream].find(url.searchParams.get("id") ?? "") : -1;
      if (!isStreamName(stream) || row < 0) return json(response, 404, { error: "no such row" });
      return json(response, 200, render(world, stream, row));
    }
    case "POST change": {
      const count = readNumber(url, "count", 1_000_000);
      if (count === null) return json(response, 400, { error: "count must be a number from 0 to 1000000" });
      return json(response, 200, control.change(Math.floor(count)));
    }
    case "POST change-settings":
      return json(response, 200, { streams: control.changeSettings() });
    case "POST purge": {
      if (!holdsStream(world, stream))
        return json(response, 400, { error: `no stream ${JSON.stringify(stream)}` });
      const count = readNumber(url, "count", 1_000_000);
      if (count === null) return json(response, 400, { error: "count must be a number from 0 to 1000000" });
      return json(response, 200, { stream, purged: control.purge(stream, Math.floor(count)) });
    }
    case "POST churn": {
      const rate = readNumber(url, "rate", 100_000);
      if (rate === null) return json(response, 400, { error: "rate must be a number from 0 to 100000" });
      control.churn(rate);
      return json(response, 200, { rate });
    }
    case "POST as": {
      const names = (url.searchParams.get("readings") ?? "").split(",").filter((name) => name !== "");
      const stranger = names.find((name) => !isReading(name));
      if (stranger !== undefined)
        return json(response, 400, { error: `no reading ${JSON.stringify(stranger)}` });
      control.play(names.filter(isReading));
      return json(response, 200, { readings: names });
    }
    case "POST stall-index":
      control.stallIndex();
      return json(response, 200, { stalled: true });
    case "POST resume-index":
      control.resumeIndex();
      return json(response, 200, { stalled: false });
    default:
      return json(response, 404, { error: "no such control" });
  }
}

function readNumber(url: URL, name: string, most: number): number | null {
  const text = url.searchParams.get(name) ?? "";
  const value = Number(text);
  return text !== "" && value >= 0 && value <= most ? value : null;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

const LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i;

/**
 * True where the request comes from this machine's programs, and not from a web page that a browser has open, which may
 * send simple requests to any address, and by a name that resolves to this one: it names this machine as its host, and no
 * page of another origin has sent it.
 */
export function isFromHere(headers: IncomingHttpHeaders): boolean {
  const { host = "", origin } = headers;
  const site = headers["sec-fetch-site"] ?? "none";
  if (!LOOPBACK.test(host) || (site !== "none" && site !== "same-origin")) return false;
  return origin === undefined || origin.toLowerCase() === `http://${host.toLowerCase()}`;
}
