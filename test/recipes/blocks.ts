/** The README's recipes: their code blocks in order, with what they are written in. */
import { join } from "node:path";

export type Block = { readonly recipe: string; readonly language: string; readonly lines: readonly string[] };

const README = join(import.meta.dir, "../../README.md");

/** The blocks below "## Recipes", a recipe being a paragraph that begins in bold. */
export async function recipeBlocks(): Promise<Block[]> {
  const text = await Bun.file(README).text();
  const section = /\n## Recipes\n([\s\S]*?)\n## /.exec(text)?.[1] ?? "";
  return section.split(/\n(?=\*\*)/).flatMap((part) =>
    [...part.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, language = "", code = ""]) => ({
      recipe: /\*\*(.+?)\*\*/.exec(part)?.[1] ?? "",
      language,
      lines: code.split("\n").filter((line) => line.trim() !== ""),
    })),
  );
}

/** The commands of a shell block, without their comments. */
export function commandsOf({ lines }: Block): string[] {
  return lines.map((line) => line.replace(/\s+#.*$/, "").trim());
}
