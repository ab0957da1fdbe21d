/** Users. The plain list holds active users; deactivated ones come from a second listing. */
import { defineStream } from "./define.ts";

export const users = defineStream({
  name: "users",
  type: "user",
  summary: "Agents and machine users, deactivated ones included",
  read: { by: "list", path: "/v1/users", pageSize: 500, deletedQuery: { deleted: "true" } },
  roles: ["org.permission.user.read", "org.user.read"],
  isLookup: true,
  attributes: {
    avatarUrl: "text",
    createdAt: "time",
    deletedAt: "time",
    displayName: "text",
    email: "text",
    emailSignature: "text",
    emailVerifiedAt: "time",
    firstEmailVerifiedAt: "time",
    firstLoginAt: "time",
    isEmailValid: "bool",
    mobile: "text",
    modifiedAt: "time",
    mostRecentLoginAt: "time",
    name: "text",
    password: "json",
    roleGroups: "json",
    roles: "json",
    updatedAt: "time",
    userType: "text",
    verifiedEmailStatus: "text",
  },
  relationships: ["createdBy", "modifiedBy", "org"],
});
