/** Sub-statuses of conversations; Kustomer wants to be told of which resource. */
import { defineStream } from "./define.ts";

export const subStatuses = defineStream({
  name: "sub_statuses",
  type: "sub_status",
  summary: "What open, snoozed and done conversations are waiting for",
  read: { by: "list", path: "/v1/sub-statuses", query: { resource: "conversation" }, pageSize: 100 },
  roles: ["org.permission.sub_status.read", "org.permission.conversation.read"],
  isSetting: true,
  attributes: {
    createdAt: "time",
    description: "text",
    label: "text",
    parentStatus: "text",
    updatedAt: "time",
  },
  relationships: ["org"],
});
