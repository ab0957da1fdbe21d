/** Holidays, which come beside each schedule. */
import { defineStream } from "./define.ts";

export const holidays = defineStream({
  name: "holidays",
  type: "holiday",
  summary: "Days on which a schedule does not hold",
  read: {
    by: "list",
    path: "/v1/schedules",
    pageSize: 100,
    documents: { of: ({ id }) => `/v1/schedules/${id}`, query: { include: "holidays" } },
    rows: "included",
  },
  roles: ["org.permission.schedule.read", "org.user.schedule.read", "org.admin.schedule.read"],
  isSetting: true,
  attributes: {
    createdAt: "time",
    description: "text",
    enabled: "bool",
    endDate: "text",
    modifiedAt: "time",
    name: "text",
    startDate: "text",
    updatedAt: "time",
  },
  relationships: ["createdBy", "modifiedBy", "org"],
});
