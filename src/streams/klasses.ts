/** Klasses of custom objects; the list holds those of one status, `enabled` where none is named. */
import { defineStream } from "./define.ts";

export const klasses = defineStream({
  name: "klasses",
  type: "klass",
  summary: "Klasses of custom objects, disabled ones included",
  read: {
    by: "list",
    path: "/v1/klasses",
    parts: [{ status: "enabled" }, { status: "disabled" }, { status: "existing_only" }],
    pageSize: 100,
  },
  roles: ["org.permission.klass.read", "org.user.klass.read", "org.admin.klass.read"],
  isSetting: true,
  attributes: {
    appDisabled: "bool",
    appVersion: "text",
    color: "text",
    createdAt: "time",
    displayName: "text",
    icon: "text",
    klassSchema: "text",
    mixins: "json",
    name: "text",
    s3DataUrl: "text",
    status: "text",
    updatedAt: "time",
  },
  relationships: ["org"],
});
