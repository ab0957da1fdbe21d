/** `kustomer-sync check`: who the key is, which streams it can read, and what it may spend. Writes nothing. */
import { readToken } from "../kustomer/token.ts";
import { amountOf, formatCount } from "../lib/amounts.ts";
import { AppError, type ErrorReport, EXIT, reportWords } from "../lib/errors.ts";
import type { Stream } from "../streams/define.ts";
import { STREAMS } from "../streams/index.ts";
import type { Api } from "../sync/reader.ts";
import { wayOf } from "../sync/readers/index.ts";
import { isAbsence } from "../sync/report.ts";
import { apiOf } from "./account.ts";
import { defineCommand } from "./command.ts";
import { connect } from "./connect.ts";
import { connectionOptions, limitOptions, streamArguments } from "./shared-options.ts";

type Readable = {
  readonly stream: string;
  readonly readable: boolean;
  /** True for what the account does not have, or this key may not read, and nobody asked for by its name. */
  readonly absent: boolean;
  /** Rows that the standard search counts; null where the API does not say. */
  readonly rows: number | null;
  readonly error: ErrorReport | null;
};

const { concurrency: _, ...rates } = limitOptions;

export const check = defineCommand({
  name: "check",
  summary: "see whether the key works, for which account, and which streams it can read",
  positionals: [streamArguments],
  options: { ...connectionOptions, ...rates },
  examples: [
    ["kustomer-sync check --org acme", "before the first sync"],
    ["kustomer-sync check --org acme --json", "for a script: exit code 0 when every stream can be read"],
  ],
  run: async ({ values, positionals, env, signal, log, showTable, outJson }) => {
    const named = positionals.stream;
    const streams = STREAMS.filter(({ name }) => named.length === 0 || named.includes(name));
    const connection = await connect(values, { env, signal, log });
    const token = await readToken(connection.client);
    const results = await Promise.all(
      streams.map((stream) => tryStream(apiOf(connection.client), stream, named.length > 0)),
    );
    const { orgLimit, org, search } = connection.limiter.stats();
    const budget = { org_limit: orgLimit, org_share: org, search, window_ms: values.rateWindow };
    if (values.json) {
      const key = { name: token.name, org: token.orgId, roles: token.roles };
      await outJson({ api: connection.client.baseUrl, key, budget, streams: results });
    } else {
      log.info(
        `key ${token.name ?? "(unnamed)"} of org ${token.orgId ?? "(unknown)"} at ${connection.client.baseUrl}`,
      );
      const limit =
        orgLimit === null
          ? "not told by the API"
          : `${amountOf(orgLimit, "request")} a window, ${formatCount(org)} of them for us`;
      log.info(`budget: ${limit}; ${amountOf(search, "search", "searches")}\n`);
      const rows = results.map(({ stream, readable, absent, rows }) => [
        stream,
        readable ? "yes" : absent ? "absent" : "no",
        rows,
      ]);
      await showTable(["stream", "readable", "found by search or list"], rows);
    }
    for (const { stream, absent, error } of results) {
      if (error !== null) (absent ? log.info : log.warn)(`${stream}: ${reportWords(error)}`);
    }
    return results.every(({ readable, absent }) => readable || absent) ? EXIT.done : EXIT.partial;
  },
});

/** Asks for one row; what the key may not do is the result, anything that stops a sync is thrown. */
async function tryStream(api: Api, stream: Stream, isNamed: boolean): Promise<Readable> {
  const { name } = stream;
  try {
    const page = await wayOf(stream).probe(api);
    return { stream: name, readable: true, absent: false, rows: page.total, error: null };
  } catch (error) {
    // The key itself was just seen to work, so that a 401 here means a role, as a 403 does.
    if (!(error instanceof AppError) || error.status === undefined) throw error;
    const absent = isAbsence(stream, isNamed, error);
    return { stream: name, readable: false, absent, rows: null, error: error.report() };
  }
}
