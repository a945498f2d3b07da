import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { expect, it } from "vitest";
import { listPages, root } from "../src/samples.js";

/** Anchors as the usual renderers make them of headings, and those that a page sets itself. */
function anchorsOf(text: string): string[] {
  const headings = text.replace(/^```.*?^```/gms, "").match(/^#+ .*$/gm) ?? [];
  const made = headings.map((heading) =>
    heading
      .replace(/^#+ /, "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
  return [...made, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id as string)];
}

it.for(await listPages())("every link of %s leads to a page and to a place on it", async (page) => {
  const text = (await readFile(join(root, page), "utf8")).replace(/^```.*?^```/gms, "");
  const broken: string[] = [];
  for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(target)) continue;
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? page : relative(root, join(root, dirname(page), path));
    if (!existsSync(join(root, file))) broken.push(target);
    else if (anchor && !anchorsOf(await readFile(join(root, file), "utf8")).includes(anchor)) broken.push(target);
  }
  expect(broken).toEqual([]);
});
