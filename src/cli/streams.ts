/** `kustomer-sync streams`: the catalog, as a table, one stream's columns, or JSON. Asks nobody. */
import { SEARCH_ROLES, type Stream } from "../streams/define.ts";
import { STREAMS } from "../streams/index.ts";
import { sourcePath } from "../streams/json-schema.ts";
import { defineCommand } from "./command.ts";
import { streamArguments } from "./options.ts";
import { renderTable } from "./table.ts";

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
  run: async ({ values, positionals, log, out, outJson, color }) => {
    const named = positionals.stream;
    const shown = named.length === 0 ? STREAMS : STREAMS.filter(({ name }) => named.includes(name));
    if (values.json) {
      await outJson({ streams: shown.map(describe) });
    } else if (named.length === 0) {
      const rows = shown.map((stream) => [
        stream.name,
        readBy(stream),
        stream.columns.length,
        stream.roles.join(" or "),
      ]);
      await out(renderTable(["stream", "read by", "columns", "role"], rows, { color }));
      log.info(`\nReading by search also needs ${SEARCH_ROLES.join(" or ")}.`);
    } else {
      for (const [index, stream] of shown.entries()) {
        const rows = stream.columns.map(({ name, kind, source }) => [name, kind, sourcePath(source)]);
        const table = renderTable(["column", "kind", "source"], rows, { color });
        await out(`${index === 0 ? "" : "\n"}${stream.name}: ${stream.summary}\n\n${table}`);
      }
    }
  },
});

function readBy({ read }: Stream): string {
  return read.by === "search" ? "search" : `list ${read.path}`;
}

function describe({ name, summary, read, roles, columns }: Stream) {
  return {
    stream: name,
    summary,
    read: read.by,
    /** Any one of `roles`, and where `search_roles` has any, one of those too. */
    roles,
    search_roles: read.by === "search" ? SEARCH_ROLES : [],
    columns: columns.map(({ name, kind, source }) => ({ name, kind, source: sourcePath(source) })),
  };
}
