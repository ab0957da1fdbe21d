/** A disk whose user dies before its n-th operation, or in the middle of it where that is a write. */
import type { FileHandle } from "node:fs/promises";
import { type Disk, disk } from "../../src/export/disk.ts";

export type Mortal = { readonly disk: Disk; readonly operations: () => string[] };

/** `die` ends the process or throws; it is called for the operation, and for every one that is tried after it. */
export function mortalDisk(nth: number | null, die: () => never): Mortal {
  const operations: string[] = [];
  const files: FileHandle[] = [];
  const reached = (name: string) => {
    operations.push(name);
    return nth !== null && operations.length >= nth;
  };
  const entries = Object.entries(disk).map(([name, operation]) => [
    name,
    async (...args: unknown[]) => {
      if (reached(name)) {
        if (name === "write" && operations.length === nth) {
          const [file, bytes] = args as Parameters<Disk["write"]>;
          await disk.write(file, bytes.subarray(0, bytes.length >> 1));
        }
        // As the end of a process does.
        for (const file of files.splice(0)) await file.close().catch(() => {});
        die();
      }
      const result = await (operation as (...args: unknown[]) => unknown)(...args);
      if (name === "create") files.push(result as FileHandle);
      return result;
    },
  ]);
  return { disk: Object.fromEntries(entries) as Disk, operations: () => operations };
}

/** A disk whose n-th operation fails, and no other. */
export function failingDisk(nth: number): Disk {
  let operations = 0;
  const entries = Object.entries(disk).map(([name, operation]) => [
    name,
    async (...args: unknown[]) => {
      operations += 1;
      if (operations === nth) {
        // As the real one does, whatever happens.
        if (name === "finish") await (args[0] as FileHandle).close();
        throw Object.assign(new Error("EIO: i/o error"), { code: "EIO", syscall: name });
      }
      return (operation as (...args: unknown[]) => unknown)(...args);
    },
  ]);
  return Object.fromEntries(entries) as Disk;
}

/** A disk that tells of each operation, by its number from 1, just before it, and waits for who is told. */
export function beforeOperation(tell: (nth: number) => void | Promise<void>): Disk {
  let operations = 0;
  const entries = Object.entries(disk).map(([name, operation]) => [
    name,
    async (...args: unknown[]) => {
      operations += 1;
      const told = tell(operations);
      // Without a reason to wait, looking and doing stay as close together as they are.
      if (told !== undefined) await told;
      return (operation as (...args: unknown[]) => unknown)(...args);
    },
  ]);
  return Object.fromEntries(entries) as Disk;
}
