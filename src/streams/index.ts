/** The catalog: every stream, in the order in which they are shown. */

import { conversations } from "./conversations.ts";
import { customers } from "./customers.ts";
import type { Stream } from "./define.ts";
import { kobjects } from "./kobjects.ts";
import { messages } from "./messages.ts";
import { notes } from "./notes.ts";
import { shortcuts } from "./shortcuts.ts";
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
];

/** Finds a stream by its name. */
export function findStream(name: string): Stream | undefined {
  return STREAMS.find((stream) => stream.name === name);
}
