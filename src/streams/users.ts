/** Users. The plain list holds active users; those who left, and those who are invited, have a listing each. */
import { defineStream } from "./define.ts";

export const users = defineStream({
  name: "users",
  type: "user",
  summary: "Agents and machine users, deactivated and invited ones included",
  read: {
    by: "list",
    path: "/v1/users",
    pageSize: 500,
    variants: [
      { query: { deleted: "true" }, deleted: true, rows: "deactivated users" },
      { query: { pending: "true" }, deleted: false, rows: "invited users" },
    ],
  },
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
