/** Versions of SLAs, which come beside the list of SLAs and never change. */
import { defineStream } from "./define.ts";

export const slaVersions = defineStream({
  name: "sla_versions",
  type: "sla_version",
  summary: "What each version of an SLA promises",
  read: { by: "list", path: "/v1/slas", query: { versions: "all" }, pageSize: null, rows: "included" },
  roles: ["org.permission.sla.read", "org.user.sla.read"],
  isSetting: true,
  attributes: {
    createdAt: "time",
    criteria: "json",
    description: "text",
    hours: "text",
    metrics: "json",
    name: "text",
    version: "int",
    updatedAt: "time",
  },
  relationships: ["createdBy", "org", "sla"],
});
