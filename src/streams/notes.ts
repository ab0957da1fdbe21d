/** Notes. The archive search does not know them, so those older than two years come from their list. */
import { defineStream } from "./define.ts";

export const notes = defineStream({
  name: "notes",
  type: "note",
  summary: "Internal notes on conversations",
  read: { by: "search", context: "note", old: { list: "/v1/notes" } },
  roles: ["org.permission.note.read", "org.user.note.read"],
  attributes: {
    body: "text",
    createdAt: "time",
    createdByTeams: "json",
    deleted: "bool",
    deletedAt: "time",
    externalId: "text",
    importedAt: "time",
    modifiedAt: "time",
    updatedAt: "time",
    userMentions: "json",
  },
  relationships: ["conversation", "createdBy", "customer", "deletedBy", "modifiedBy", "org"],
});
