/** The lists and documents of what an account has set up, each with the filters that it is documented to have. */
import type { Resource } from "../lib/resource.ts";
import type { ListRead, Stream } from "../streams/define.ts";
import { STREAMS } from "../streams/index.ts";
import { type Answer, badParameter, Refusal } from "./answers.ts";
import { pageLinks, toOrg } from "./links.ts";
import { readCount } from "./search.ts";
import type { World } from "./world.ts";

type Listed = { readonly stream: Stream; readonly read: ListRead };

/** Streams whose rows are those of a list, by its path. */
const LISTS: ReadonlyMap<string, Listed> = new Map(
  STREAMS.flatMap((stream): [string, Listed][] => {
    const { read, isSetting } = stream;
    if (!isSetting || read.by !== "list" || read.documents !== undefined || read.rows !== undefined)
      return [];
    return [[read.path, { stream, read }]];
  }),
);

const DOCUMENT = /^\/v1\/(metadata|schedules)\/([^/]+)$/;
/** What has metadata beside the klasses. */
const RESOURCES: ReadonlySet<string> = new Set(["company", "conversation", "customer", "message"]);

/** The stream whose role a path needs; null for a path that is none of these. */
export function settingOf(path: string): string | null {
  const document = DOCUMENT.exec(path);
  if (document !== null) return document[1] === "metadata" ? "custom_attributes" : "schedules";
  return LISTS.get(path)?.stream.name ?? null;
}

/** Answers a path that `settingOf` knows; throws `Refusal` for what is not there. */
export function answerSetting(world: World, path: string, params: URLSearchParams): Answer {
  const [, kind, id = ""] = DOCUMENT.exec(path) ?? [];
  if (kind === "metadata") return { status: 200, body: metadata(world, decodeURIComponent(id)) };
  if (kind === "schedules") return { status: 200, body: schedule(world, id, params) };
  const { stream, read } = LISTS.get(path)!;
  const rows = filtered(stream.name, world.settings.of(stream.name), params);
  if (read.pageSize === null) return { status: 200, body: unpaged(world, path, rows, params) };
  const page = readCount(params, "page", 1);
  const pageSize = Math.min(read.pageSize, readCount(params, "pageSize", 100));
  const body = {
    meta: { pageSize, page },
    data: rows.slice((page - 1) * pageSize, page * pageSize).map((row) => withLink(path, row)),
    links: pageLinks(path, params, { page, pageSize, hasNext: page * pageSize < rows.length }),
  };
  return { status: 200, body };
}

function filtered(stream: string, rows: readonly Resource[], params: URLSearchParams): readonly Resource[] {
  if (stream === "sub_statuses" && params.get("resource") !== "conversation") {
    throw badParameter("resource is required", "resource");
  }
  if (stream !== "klasses") return rows;
  const status = params.get("status") ?? "enabled";
  if (!["enabled", "disabled", "existing_only"].includes(status))
    throw badParameter("no such status", "status");
  return rows.filter(({ attributes }) => attributes.status === status);
}

/** SLAs have no pages; their versions come beside them, the current ones unless all are asked for. */
function unpaged(world: World, path: string, rows: readonly Resource[], params: URLSearchParams): unknown {
  const all = params.get("versions") === "all";
  const included = rows.flatMap(({ attributes }, place) =>
    world.settings
      .ownedBy("sla_versions", place)
      .filter((version) => all || version.attributes.version === attributes.currentVersion),
  );
  const self = params.size === 0 ? path : `${path}?${params}`;
  return { data: rows, included, links: { self, first: self, prev: null, next: null } };
}

function schedule(world: World, id: string, params: URLSearchParams): unknown {
  const rows = world.settings.of("schedules");
  const place = rows.findIndex((row) => row.id === id);
  const row = rows[place];
  if (row === undefined) throw new Refusal(404);
  const data = withLink("/v1/schedules", row);
  if (params.get("include") !== "holidays") return { data };
  return { data, included: world.settings.ownedBy("holidays", place) };
}

function metadata(world: World, resource: string): unknown {
  const klass = resource.startsWith("kobject.") ? resource.slice("kobject.".length) : null;
  const isThere =
    klass === null
      ? RESOURCES.has(resource)
      : world.settings.of("klasses").some(({ attributes }) => attributes.name === klass);
  if (!isThere) throw new Refusal(404);
  const described = world.settings
    .of("custom_attributes")
    .filter(({ attributes }) => attributes.resource === resource)
    .map(({ attributes: { resource: _, name, ...rest } }) => [name, rest]);
  return {
    data: {
      type: "metadata",
      id: resource,
      attributes: { properties: Object.fromEntries(described) },
      relationships: { org: toOrg(world) },
      links: { self: `/v1/metadata/${resource}` },
    },
  };
}

function withLink(path: string, row: Resource): Resource {
  return { ...row, links: { self: `${path}/${row.id}` } };
}
