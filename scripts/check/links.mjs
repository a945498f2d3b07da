// Every relative link of a page leads to a file, and to a heading or an anchor in it.
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { run } from "../lib/process.mjs";
import { listFiles, root } from "../lib/workspace.mjs";

const isPage = (file) => file.endsWith(".md");
const withoutCode = (text) => text.replace(/^(```+).*?^\1/gms, "").replace(/`[^`\n]*`/g, "");

/** The links of a page, without those to other sites. */
const linksOf = (text) =>
  [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, to]) => to).filter((to) => !/^[a-z]+:/i.test(to));

function anchorsOf(text) {
  const found = new Set([...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id));
  for (const [, heading] of text.replace(/^(```+).*?^\1/gms, "").matchAll(/^#+ +(.+)$/gm)) {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = words
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .trim()
      .replaceAll(" ", "-");
    let name = slug;
    for (let count = 1; found.has(name); count++) name = `${slug}-${count}`;
    found.add(name);
  }
  return found;
}

/** The links of these pages that lead nowhere. `top` is what pages are named from. */
export function deadLinks(pages, top) {
  return pages.flatMap((page) =>
    linksOf(readFileSync(page, "utf8")).flatMap((link) => {
      const [to, anchor] = link.split("#");
      const target = to === "" ? page : join(dirname(page), decodeURI(to));
      const say = (what) => [`${relative(top, page)}: ${link} ${what}`];
      if (!existsSync(target)) return say("leads to no file");
      if (!anchor) return [];
      if (statSync(target).isDirectory() || !isPage(target)) return say("names an anchor of what is no page");
      return anchorsOf(readFileSync(target, "utf8")).has(anchor) ? [] : say("names no heading or anchor there");
    }),
  );
}

/** In the repository. */
export async function checkLinks() {
  const { output } = await run(
    "git",
    ["-c", `safe.directory=${root}`, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
    { capture: true },
  );
  const names = output.split("\0").filter((name) => name !== "" && !name.startsWith(".changeset/"));
  const pages = names.map((name) => join(root, name)).filter((file) => existsSync(file));
  const left = pages.filter((page) => readFileSync(page, "utf8").includes("](../core/docs/"));
  return [
    ...left.map((page) => `${relative(root, page)} is as it is packed: pack again, which puts it right`),
    ...deadLinks(pages, root),
  ];
}

/** In the packages, as they are installed: with the core beside each. */
export const checkPackedLinks = ({ folder, packed }) =>
  deadLinks(
    packed.flatMap(({ home }) => listFiles(home, []).filter(isPage)),
    folder,
  );
