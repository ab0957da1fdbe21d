/**
 * Custom attributes, as the account's metadata describes them: one document for each kind of row that has any, in which
 * they stand by name. A row is one of them; its id is made of both names.
 */
import type { Resource } from "../lib/resource.ts";
import { defineStream } from "./define.ts";

export const customAttributes = defineStream({
  name: "custom_attributes",
  type: "custom_attribute",
  summary: "Custom attributes of companies, conversations, customers, messages and custom objects",
  read: {
    by: "list",
    path: "/v1/klasses",
    parts: [{ status: "enabled" }, { status: "disabled" }, { status: "existing_only" }],
    pageSize: 100,
    documents: {
      paths: ["company", "conversation", "customer", "message"].map(pathOf),
      of: ({ attributes: { name } }) => (typeof name === "string" ? pathOf(`kobject.${name}`) : null),
    },
    rows: rowsOf,
  },
  roles: ["org.permission.metadata.read", "org.user.metadata.read", "org.admin.metadata.read"],
  isSetting: true,
  attributes: {
    displayName: "text",
    enumeration: "json",
    modifiedAt: "time",
    modifiedBy: "text",
    multi: "bool",
    name: "text",
    resource: "text",
    target: "text",
    tree: "json",
    type: "text",
    updatedAt: "time",
  },
  names: { type: "value_type" },
  relationships: ["org"],
});

function pathOf(resource: string): string {
  return `/v1/metadata/${encodeURIComponent(resource)}`;
}

/** The rows that a metadata document describes. */
function rowsOf({ id, attributes, relationships }: Resource): Resource[] {
  const { properties } = attributes;
  if (typeof properties !== "object" || properties === null) return [];
  return Object.entries(properties).map(([name, described]) => {
    const isObject = typeof described === "object" && described !== null;
    const told = isObject ? described : { type: described };
    return {
      id: `${id}.${name}`,
      type: "custom_attribute",
      attributes: { ...told, resource: id, name },
      relationships,
    };
  });
}
