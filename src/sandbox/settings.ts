/**
 * What the account has set up, few rows each and changed seldom; kept as resources, for there is nothing to work out. A
 * stream that nothing is written of here has some rows too, made of its columns.
 */
import type { Resource } from "../lib/resource.ts";
import { formatTime } from "../lib/time.ts";
import type { Column, Stream } from "../streams/define.ts";
import { STREAMS } from "../streams/index.ts";
import { hash, Random } from "./random.ts";
import { OWNERS, SETTINGS } from "./settings-data.ts";

const DAY = 86_400_000;
/** How many rows a stream has of which nothing is written. */
const PLAIN_ROWS = 3;
/** What never changes once it is there, and has no time of its own. */
const FIXED: ReadonlySet<string> = new Set(["sla_versions"]);

type Writable = { type: string; id: string; attributes: Record<string, unknown>; relationships: object };

/** The settings of an account, by stream. */
export class Settings {
  readonly #rows = new Map<string, Writable[]>();
  readonly #random: Random;

  /** `planned` is false for an account that was made empty. */
  constructor(seed: number, anchor: number, orgId: string, planned: boolean) {
    this.#random = new Random(hash(seed, 779));
    for (const stream of STREAMS.filter(({ isSetting }) => isSetting)) {
      const data = SETTINGS[stream.name] ?? plainRows(stream);
      const rows = planned ? data : [];
      this.#rows.set(
        stream.name,
        rows.map((attributes, nth) => makeRow(stream, attributes, nth, { seed, anchor, orgId })),
      );
    }
    this.#relate("slas", "versions", "sla_versions");
    this.#relate("schedules", "holidays", "holidays");
  }

  has(stream: string): boolean {
    return this.#rows.has(stream);
  }

  of(stream: string): readonly Resource[] {
    return this.#rows.get(stream) ?? [];
  }

  /** The rows that belong to one of another stream. */
  ownedBy(stream: string, place: number): readonly Resource[] {
    const owners = OWNERS[stream] ?? [];
    return this.of(stream).filter(({ id }) => owners[Number.parseInt(id.slice(-2), 16)] === place);
  }

  /** Changes a row of each stream at an instant, ms; returns the streams' names. */
  change(now: number): string[] {
    const streams = [...this.#rows].filter(([name, rows]) => rows.length > 0 && !FIXED.has(name));
    for (const [, rows] of streams) {
      const { attributes } = this.#random.pick(rows);
      attributes.updatedAt = formatTime(now);
      attributes.description = `changed at ${formatTime(now)}`;
    }
    return streams.map(([name]) => name);
  }

  /** Removes up to so many rows of a stream for good; returns their ids. */
  purge(stream: string, count: number): string[] {
    return (this.#rows.get(stream) ?? []).splice(0, count).map(({ id }) => id);
  }

  #relate(owner: string, name: string, stream: string): void {
    for (const [place, row] of (this.#rows.get(owner) ?? []).entries()) {
      const data = this.ownedBy(stream, place).map(({ type, id }) => ({ type, id }));
      row.relationships = { ...row.relationships, [name]: { data } };
    }
  }
}

type Account = { readonly seed: number; readonly anchor: number; readonly orgId: string };

function makeRow(
  stream: Stream,
  data: Readonly<Record<string, unknown>>,
  nth: number,
  { seed, anchor, orgId }: Account,
): Writable {
  const salt = hash(seed, 780, hashOf(stream.name));
  const created = anchor - (300 + (hash(salt, nth) % 600)) * DAY;
  const updated = Math.min(anchor - DAY, created + (hash(salt, nth, 1) % 400) * DAY);
  const isAttribute = stream.name === "custom_attributes";
  const middle = hash(salt, 2).toString(16).padStart(8, "0");
  const second = Math.floor(created / 1_000)
    .toString(16)
    .padStart(8, "0");
  return {
    type: stream.type,
    id: isAttribute
      ? `${data.resource}.${data.name}`
      : `${second}${middle}${nth.toString(16).padStart(8, "0")}`,
    attributes: {
      ...data,
      ...(isAttribute ? {} : { createdAt: formatTime(created) }),
      ...(FIXED.has(stream.name) ? {} : { updatedAt: formatTime(updated) }),
    },
    relationships: {
      org: { links: { self: `/v1/orgs/${orgId}` }, data: { type: "org", id: orgId } },
    },
  };
}

function hashOf(text: string): number {
  return [...text].reduce((sum, letter) => hash(sum, letter.codePointAt(0)!), 7);
}

/** Rows of a stream that has nothing written of it: a value of its kind in each column. */
function plainRows({ name, columns }: Stream): Record<string, unknown>[] {
  const attributes = columns.filter(({ source }) => source.from === "attribute");
  return Array.from({ length: PLAIN_ROWS }, (_, nth) =>
    Object.fromEntries(attributes.map((column) => [column.source.name, plainValue(column, name, nth)])),
  );
}

function plainValue({ kind, source }: Column, stream: string, nth: number): unknown {
  if (source.name === "deleted" || source.name === "deletedAt") return undefined;
  switch (kind) {
    case "text":
      return `${stream} ${nth}`;
    case "int":
      return nth;
    case "real":
      return nth + 0.5;
    case "bool":
      return nth % 2 === 0;
    case "time":
      return formatTime(Date.UTC(2026, 0, 1 + nth));
    case "json":
      return [nth];
  }
}
