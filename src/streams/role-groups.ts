/** Role groups (permission sets); which role lets a key read them is not documented. */
import { defineStream } from "./define.ts";

export const roleGroups = defineStream({
  name: "role_groups",
  type: "role_group",
  summary: "Permission sets of users and teams",
  read: { by: "list", path: "/v1/role-groups", pageSize: 100 },
  roles: ["org.permission.role_group.read", "org.user.role_group.read", "org.admin.role_group.read"],
  isSetting: true,
  attributes: {
    createdAt: "time",
    description: "text",
    display: "bool",
    name: "text",
    roles: "json",
    system: "bool",
    updatedAt: "time",
  },
  relationships: ["org"],
});
