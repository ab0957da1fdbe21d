/** Tags; the list brings deleted ones too, with `deletedAt`. */
import { defineStream } from "./define.ts";

export const tags = defineStream({
  name: "tags",
  type: "tag",
  summary: "Tags, deleted ones included",
  read: { by: "list", path: "/v1/tags", pageSize: 100 },
  roles: ["org.permission.tag.read", "org.user.tag.read"],
  isLookup: true,
  attributes: {
    color: "text",
    createdAt: "time",
    deleted: "bool",
    deletedAt: "time",
    modifiedAt: "time",
    name: "text",
    updatedAt: "time",
  },
  relationships: ["createdBy", "deletedBy", "modifiedBy", "org"],
});
