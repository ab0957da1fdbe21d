/** Teams; `members` holds user ids. */
import { defineStream } from "./define.ts";

export const teams = defineStream({
  name: "teams",
  type: "team",
  summary: "Teams and their members",
  read: { by: "list", path: "/v1/teams", pageSize: 500 },
  roles: ["org.permission.team.read", "org.user.team.read"],
  isLookup: true,
  attributes: {
    createdAt: "time",
    deleted: "bool",
    deletedAt: "time",
    displayName: "text",
    icon: "text",
    members: "json",
    modifiedAt: "time",
    name: "text",
    roleGroups: "json",
    updatedAt: "time",
  },
  relationships: ["createdBy", "deletedBy", "modifiedBy", "org"],
});
