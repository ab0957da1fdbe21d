/** Shortcuts. */
import { defineStream } from "./define.ts";

export const shortcuts = defineStream({
  name: "shortcuts",
  type: "shortcut",
  summary: "Canned replies and what they do",
  read: { by: "list", path: "/v1/shortcuts", pageSize: 100 },
  roles: [
    "org.permission.shortcut.read",
    "org.user.shortcut.read",
    "org.user.content.shortcut.read",
    "org.admin.shortcut.read",
    "org.admin.content.shortcut.read",
  ],
  isLookup: true,
  attributes: {
    appDisabled: "bool",
    conversation: "json",
    createdAt: "time",
    deleted: "bool",
    draft: "json",
    isPrivate: "bool",
    modifiedAt: "time",
    name: "text",
    payload: "json",
    rev: "int",
    updatedAt: "time",
  },
  relationships: ["createdBy", "modifiedBy", "org", "parent"],
});
