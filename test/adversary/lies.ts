import type { Lie } from "./lie.ts";

export const LIES: readonly Lie[] = [
  { name: "none", about: "nothing but the truth", often: "always" },
  { name: "none-killed", about: "nothing but the truth, and kill -9", often: "always", kills: true },
];
