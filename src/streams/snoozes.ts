/** The menu of snooze times, not snoozed conversations. */
import { defineStream } from "./define.ts";

export const snoozes = defineStream({
  name: "snoozes",
  type: "snooze",
  summary: "Times for which conversations may be snoozed",
  read: { by: "list", path: "/v1/snoozes", pageSize: 100 },
  roles: ["org.permission.snooze.read"],
  isSetting: true,
  attributes: {
    createdAt: "time",
    enabled: "bool",
    name: "text",
    type: "text",
    updatedAt: "time",
    value: "json",
  },
  names: { type: "snooze_type" },
  relationships: ["org"],
});
