/** The commands, in the order of the help; each is loaded when it is needed. To add one: its file, and a line here. */
import type { Command } from "./command.ts";

export type CommandTable = Readonly<Record<string, () => Promise<Command>>>;

export const COMMANDS: CommandTable = {
  sync: async () => (await import("./sync.ts")).sync,
  status: async () => (await import("./status.ts")).status,
  streams: async () => (await import("./streams.ts")).streams,
  check: async () => (await import("./check.ts")).check,
  verify: async () => (await import("./verify.ts")).verify,
  snapshot: async () => (await import("./snapshot.ts")).snapshot,
  reset: async () => (await import("./reset.ts")).reset,
  load: async () => (await import("./load.ts")).load,
  export: async () => (await import("./export.ts")).exportCommand,
  sandbox: async () => (await import("./sandbox.ts")).sandbox,
  demo: async () => (await import("./demo.ts")).demo,
};
