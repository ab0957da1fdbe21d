/** Queues of the routing; the path is that of the routing API, not `/v1/queues`. */
import { defineStream } from "./define.ts";

export const queues = defineStream({
  name: "queues",
  type: "queue",
  summary: "Queues into which conversations are routed",
  read: { by: "list", path: "/v1/routing/queues", pageSize: 100 },
  roles: ["org.permission.queue.read", "org.permission.routing.read"],
  isSetting: true,
  attributes: {
    createdAt: "time",
    deleted: "bool",
    deletedAt: "time",
    displayName: "text",
    itemSize: "int",
    name: "text",
    priority: "int",
    restrictTransfersByUsers: "bool",
    system: "bool",
    updatedAt: "time",
  },
  relationships: ["org"],
});
