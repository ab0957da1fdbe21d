/** The statuses that agents may have: available, away, busy. */
import { defineStream } from "./define.ts";

export const routingStatuses = defineStream({
  name: "routing_statuses",
  type: "routing_status",
  summary: "Statuses of agents",
  read: { by: "list", path: "/v1/routing/statuses", pageSize: 100 },
  roles: ["org.permission.routing_status.read", "org.permission.routing.read"],
  isSetting: true,
  attributes: {
    createdAt: "time",
    enabled: "bool",
    name: "text",
    selectable: "bool",
    statusType: "text",
    system: "bool",
    updatedAt: "time",
  },
  relationships: ["org"],
});
