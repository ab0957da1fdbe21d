/** SLAs; what each promises is in its versions. */
import { defineStream } from "./define.ts";

export const slas = defineStream({
  name: "slas",
  type: "sla",
  summary: "SLAs, and which of their versions holds",
  read: { by: "list", path: "/v1/slas", query: { versions: "all" }, pageSize: null },
  roles: ["org.permission.sla.read", "org.user.sla.read"],
  isSetting: true,
  attributes: {
    createdAt: "time",
    currentVersion: "real",
    updatedAt: "time",
  },
  relationships: ["createdBy", "org"],
});
