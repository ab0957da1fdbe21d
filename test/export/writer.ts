/** Writes a customer, then a tag, then a customer again, each in a commit of its own, until it is killed: `bun writer.ts DB`. */
import { openStore } from "../../src/store/store.ts";
import { put, resource } from "../store/fixture.ts";

const store = openStore(process.argv[2]!, { mode: "write" });
const filler = "x".repeat(5_000);
for (let nth = 1; ; nth += 1) {
  put(store, "customers", [resource(`customer ${nth}`, { name: filler })], { now: Date.now() });
  put(store, "tags", [resource(`tag ${nth}`, { name: filler })], { now: Date.now() });
  if (nth === 200) console.log("begun");
}
