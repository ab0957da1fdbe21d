/** `bun run build`: compiles the binary for this machine to dist/kustomer-sync, or to `--outfile PATH`. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compile } from "./compile.ts";

const { values } = parseArgs({
  options: { outfile: { type: "string", default: join("dist", "kustomer-sync") } },
});
process.exitCode = compile(values) ? 0 : 1;
