import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { defineStream, type Kind, type Stream } from "../../src/streams/define.ts";
import { findStream, STREAMS } from "../../src/streams/index.ts";
import { schemaFiles, sourcePath, streamSchema } from "../../src/streams/json-schema.ts";
import seedColumns from "../fixtures/seed-columns.json";

const SCHEMAS = join(import.meta.dir, "../../schemas");
const KINDS: readonly Kind[] = ["text", "int", "real", "bool", "time", "json"];

test("schemas/ holds exactly what is generated (bun run schemas)", async () => {
  const generated = schemaFiles(STREAMS);
  expect((await readdir(SCHEMAS)).toSorted()).toEqual([...generated.keys(), "manifest.json"].toSorted());
  for (const [name, text] of generated) expect(await Bun.file(join(SCHEMAS, name)).text(), name).toBe(text);
});

test("a schema says of every column its type, kind and source", () => {
  const pets = defineStream({
    name: "pets",
    type: "pet",
    summary: "Pets",
    read: { by: "list", path: "/v1/pets", pageSize: 100 },
    roles: ["org.user.pet.read"],
    attributes: { bornAt: "time", legs: "int", weight: "real", tame: "bool", tags: "json", petName: "text" },
    relationships: ["ownedBy"],
  });
  const { properties, ...rest } = streamSchema(pets);
  expect(rest).toEqual({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "pets",
    description: "Pets",
    type: "object",
    required: ["id"],
    additionalProperties: true,
  });
  expect(Object.keys(properties)).toEqual(pets.columns.map(({ name }) => name));
  expect(properties).toMatchObject({
    id: { type: "string", "x-source": "id", "x-kind": "text" },
    born_at: {
      type: ["string", "null"],
      format: "date-time",
      "x-source": "attributes.bornAt",
      "x-kind": "time",
    },
    legs: { type: ["integer", "null"], "x-kind": "int" },
    weight: { type: ["number", "null"], "x-kind": "real" },
    tame: { type: ["boolean", "null"], "x-kind": "bool" },
    tags: { type: ["object", "array", "string", "number", "boolean", "null"], "x-kind": "json" },
    pet_name: { type: ["string", "null"], "x-source": "attributes.petName" },
    owned_by_id: { type: ["string", "null"], "x-source": "relationships.ownedBy.data.id" },
    _deleted_at: { format: "date-time", "x-source": "kustomer-sync" },
  });
});

test("every column of ours is explained", () => {
  for (const { columns, name } of STREAMS) {
    const { properties } = streamSchema(STREAMS.find((stream) => stream.name === name)!);
    for (const column of columns.filter(({ source }) => source.from === "own")) {
      expect(properties[column.name]?.description, column.name).toBeString();
    }
  }
});

describe("the catalog", () => {
  test("stream names are unique and plain, and settings come after what they name", () => {
    const names = STREAMS.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
    const isSetting = STREAMS.map((stream) => stream.isSetting);
    expect(isSetting).toEqual(isSetting.toSorted((a, b) => Number(a) - Number(b)));
    for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
  });

  test.each(STREAMS.map((stream): [string, Stream] => [stream.name, stream]))("%s is sound", (_, stream) => {
    const names = stream.columns.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(stream.columns.map(({ source }) => sourcePath(source))).size).toBe(names.length - 2);
    for (const { name, kind, source } of stream.columns) {
      expect(KINDS).toContain(kind);
      expect(name).toMatch(/^_?[a-z][a-z0-9_]*$/);
      expect(name.endsWith("_at"), `${name} is ${kind}`).toBe(kind === "time");
      expect(name.startsWith("_"), name).toBe(source.from === "own");
    }
    expect(names).toContain("id");
    expect(stream.columns.find(({ name }) => name === "updated_at")).toMatchObject({
      kind: "time",
      source: { from: "attribute", name: "updatedAt" },
    });
    expect(stream.summary).not.toBe("");
    expect(stream.roles.length).toBeGreaterThan(0);
    for (const role of stream.roles) expect(role).toMatch(/^org(\.[a-z_*]+)+$/);
  });
});

describe("the columns of the connectors we replace have a home", () => {
  test.each(Object.entries<Record<string, string>>(seedColumns))("%s", (name, homes) => {
    const columns = findStream(name)?.columns.map((column) => column.name) ?? [];
    const homeless = Object.entries(homes).filter(([, home]) => !columns.includes(home));
    expect(homeless).toEqual([]);
    expect(Object.keys(homes).length).toBeGreaterThan(0);
  });

  test("of each of their streams", () => {
    const names = STREAMS.map(({ name }) => name);
    expect(Object.keys(seedColumns).filter((name) => !names.includes(name))).toEqual([]);
  });
});
