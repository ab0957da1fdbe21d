/** `kustomer-sync sandbox`: serves a simulated Kustomer API on loopback until it is stopped. */
import { amountOf, formatCount } from "../lib/amounts.ts";
import { EXIT } from "../lib/errors.ts";
import { parseFaults } from "../sandbox/faults.ts";
import { isReading, quirksOf, READING_NAMES, READINGS } from "../sandbox/readings.ts";
import { type Sandbox, startSandbox } from "../sandbox/sandbox.ts";
import { defineCommand } from "./command.ts";
import { skipOption } from "./shared-options.ts";
import { glossary } from "./wrap.ts";

const MEANINGS = READING_NAMES.map((name) => [name, READINGS[name].means] as const);

export const sandbox = defineCommand({
  name: "sandbox",
  summary: "serve a simulated Kustomer API on loopback: seeded data, real limits, faults on request",
  positionals: [],
  options: {
    port: {
      kind: "integer",
      summary: "port on 127.0.0.1; 0 for any free one",
      default: "8787",
      min: 0,
      max: 65_535,
    },
    rows: {
      kind: "integer",
      summary: "rows in all streams together",
      default: "5000",
      min: 0,
      max: 5_000_000,
    },
    seed: { kind: "integer", summary: "the same seed gives the same data on one day", default: "1", min: 0 },
    rpm: { kind: "integer", summary: "requests per window of the account", default: "1000", min: 1 },
    searchRpm: { kind: "integer", summary: "searches per window of the key", default: "100", min: 1 },
    rateWindow: { kind: "duration", summary: "the window these count over", default: "60s", min: 100 },
    latency: {
      kind: "duration",
      summary: "how long each answer takes",
      default: "0ms",
      min: 0,
      max: 600_000,
    },
    faults: {
      kind: "string",
      summary: "share of answers that are faults, of all kinds or by kind",
      placeholder: "mix",
      example: "5% or 500=2%,reset=1%",
    },
    churn: { kind: "number", summary: "rows that change per second", default: "0", min: 0, max: 10_000 },
    withoutRole: {
      ...skipOption.skip,
      summary: "a stream that the key may not read",
    },
    as: {
      kind: "list",
      summary: "what sources on Kustomer disagree about, read another way; `list` tells the ways",
      placeholder: "reading",
      of: "reading",
      choices: ["list", ...READING_NAMES],
      example: "cap-10000",
    },
  },
  examples: [
    ["kustomer-sync sandbox", "5,000 rows on port 8787"],
    [
      "kustomer-sync sandbox --rows 50000 --rate-window 5s --faults 5%",
      "more rows, faster limits, a bad day",
    ],
    ["kustomer-sync sandbox --as list", "how else Kustomer may be read"],
    ["kustomer-sync sandbox --as sort-never,archive-403", "no order, and no archive"],
    ["kustomer-sync sandbox --port 0 --json", "any free port, told as JSON"],
  ],
  run: async ({ values, signal, log, show, outJson, width }) => {
    const readings = [...values.as];
    if (readings.includes("list")) {
      if (values.json) await outJson(Object.fromEntries(MEANINGS));
      else await show(`${glossary(MEANINGS, width).join("\n")}\n`);
      return EXIT.done;
    }
    const server = await startSandbox({
      port: values.port,
      rows: values.rows,
      seed: values.seed,
      rpm: values.rpm,
      searchRpm: values.searchRpm,
      rateWindowMs: values.rateWindow,
      latencyMs: values.latency,
      churn: values.churn,
      withoutRole: [...values.withoutRole],
      quirks: quirksOf(readings.filter(isReading)),
      ...(values.faults === undefined ? {} : { faults: parseFaults(values.faults) }),
      logRequests: ({ method, path, status, ms }) =>
        log.debug(`${method} ${path} ${status} ${Math.round(ms)}ms`),
    });
    if (values.json) await outJson({ url: server.url, api_key: server.apiKey });
    else await show(howToUse(server));
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    const { requests, refused, faults } = server.stats();
    await server.stop();
    log.info(
      `served ${amountOf(requests, "request")}, ${formatCount(refused)} refused, ${amountOf(faults, "fault")}`,
    );
    return EXIT.done;
  },
});

function howToUse({ url, apiKey }: Sandbox): string {
  return [
    `a simulated Kustomer API at ${url}; Ctrl-C ends it. In another terminal:`,
    "",
    `  export KUSTOMER_API_KEY=${apiKey} KUSTOMER_API_URL=${url}`,
    "  kustomer-sync sync",
    "",
  ].join("\n");
}
