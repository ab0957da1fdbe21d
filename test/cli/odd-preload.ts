/** Puts the odd commands into the real program; preloaded by process.test.ts, imported by nothing. */
import { COMMANDS } from "../../src/cli/index.ts";
import { ODD_COMMANDS } from "./odd-commands.ts";

Object.assign(COMMANDS, ODD_COMMANDS);
