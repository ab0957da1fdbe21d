/** The catalog: every stream, in the order in which they are shown. */

import { brands } from "./brands.ts";
import { conversations } from "./conversations.ts";
import { customAttributes } from "./custom-attributes.ts";
import { customers } from "./customers.ts";
import type { Stream } from "./define.ts";
import { holidays } from "./holidays.ts";
import { klasses } from "./klasses.ts";
import { kobjects } from "./kobjects.ts";
import { messages } from "./messages.ts";
import { notes } from "./notes.ts";
import { queues } from "./queues.ts";
import { roleGroups } from "./role-groups.ts";
import { routingStatuses } from "./routing-statuses.ts";
import { satisfactionForms } from "./satisfaction-forms.ts";
import { schedules } from "./schedules.ts";
import { shortcuts } from "./shortcuts.ts";
import { slaVersions } from "./sla-versions.ts";
import { slas } from "./slas.ts";
import { snoozes } from "./snoozes.ts";
import { subStatuses } from "./sub-statuses.ts";
import { tags } from "./tags.ts";
import { teams } from "./teams.ts";
import { users } from "./users.ts";

export const STREAMS: readonly Stream[] = [
  conversations,
  customers,
  kobjects,
  messages,
  notes,
  shortcuts,
  tags,
  teams,
  users,
  brands,
  queues,
  subStatuses,
  routingStatuses,
  slas,
  slaVersions,
  klasses,
  customAttributes,
  schedules,
  holidays,
  satisfactionForms,
  roleGroups,
  snoozes,
];

/** Finds a stream by its name. */
export function findStream(name: string): Stream | undefined {
  return STREAMS.find((stream) => stream.name === name);
}
