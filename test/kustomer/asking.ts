/** A process of its own that asks one thing, and says how that ended and by how much its memory grew. */
import { readFileSync } from "node:fs";
import { connect, THING } from "./serve.ts";

const peakMb = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1_000;

const client = connect(process.argv[2]!);
const small = { ...THING, path: "/v1/small" };
await client.request(small);
const before = peakMb();
const error = await client.request(THING).then(
  () => null,
  (thrown) => thrown as Error,
);
const { requests } = client.stats();
// What the runtime goes on unpacking behind our back shows while others are asked.
for (let count = 0; count < 300; count += 1) await client.request(small);
console.log(JSON.stringify({ message: error?.message, requests: requests - 1, grownMb: peakMb() - before }));
