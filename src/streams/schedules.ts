/** Business schedules. */
import { defineStream } from "./define.ts";

export const schedules = defineStream({
  name: "schedules",
  type: "schedule",
  summary: "Business hours",
  read: { by: "list", path: "/v1/schedules", pageSize: 100 },
  roles: ["org.permission.schedule.read", "org.user.schedule.read", "org.admin.schedule.read"],
  isSetting: true,
  attributes: {
    createdAt: "time",
    default: "bool",
    hours: "json",
    modifiedAt: "time",
    name: "text",
    timezone: "text",
    updatedAt: "time",
  },
  relationships: ["createdBy", "modifiedBy", "org"],
});
