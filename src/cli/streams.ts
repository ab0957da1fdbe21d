/** `kustomer-sync streams`: the catalog, as a table, one stream's columns, or JSON. Asks nobody. */
import { listed } from "../lib/amounts.ts";
import { SEARCH_ROLES, type Stream } from "../streams/define.ts";
import { STREAMS } from "../streams/index.ts";
import { sourcePath } from "../streams/json-schema.ts";
import { wayOf } from "../sync/readers/index.ts";
import { defineCommand } from "./command.ts";
import { streamArguments } from "./shared-options.ts";
import type { Column } from "./table.ts";
import { wrap } from "./wrap.ts";

export const streams = defineCommand({
  name: "streams",
  summary: "show the catalog: streams, how each is read, columns, roles it needs",
  positionals: [streamArguments],
  options: {},
  examples: [
    ["kustomer-sync streams", "all streams, and the roles that let a key read them"],
    ["kustomer-sync streams conversations", "the columns of one, and where each comes from"],
    ["kustomer-sync streams --json", "everything, as one JSON object"],
  ],
  run: async ({ values, positionals, log, show, showTable, outJson, width }) => {
    const named = positionals.stream;
    const shown = named.length === 0 ? STREAMS : STREAMS.filter(({ name }) => named.includes(name));
    if (values.json) {
      await outJson({ streams: shown.map(describe) });
    } else if (named.length === 0) {
      const rows = shown.map((stream) => [
        stream.name,
        [...wayOf(stream).words],
        stream.columns.length,
        [stream.roles.join(" or "), stream.roles[0] ?? ""],
      ]);
      await showTable(COLUMNS, rows);
      const search = wrap(`Reading by search also needs ${SEARCH_ROLES.join(" or ")}.`, width);
      log.info(`\n${search.join("\n")}`);
      const settings = shown.filter(({ isSetting }) => isSetting).map(({ name }) => name);
      const absent = `Absent where the account has none, or the key may not read them: ${listed(settings)}.`;
      log.info(wrap(absent, width).join("\n"));
    } else {
      for (const [index, stream] of shown.entries()) {
        const rows = stream.columns.map(({ name, kind, source }) => [name, kind, sourcePath(source)]);
        const heading = wrap(`${stream.name}: ${stream.summary}`, width).join("\n");
        await show(`${index === 0 ? "" : "\n"}${heading}\n\n`);
        await showTable(["column", "kind", { title: "source", gives: [1], least: 20 }], rows);
      }
    }
  },
});

const COLUMNS: readonly Column[] = [
  "stream",
  { title: "read by", gives: [2, 3] },
  "columns",
  { title: "role", gives: [1, 4], least: 10 },
];

function describe({ name, summary, read, roles, searchRoles, columns }: Stream) {
  return {
    stream: name,
    summary,
    read: read.by,
    /** Any one of `roles`, and where `search_roles` has any, one of those too. */
    roles,
    search_roles: searchRoles,
    columns: columns.map(({ name, kind, source }) => ({ name, kind, source: sourcePath(source) })),
  };
}
