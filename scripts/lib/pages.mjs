// What users read, as it is packed: the links of the repository would lead nowhere in a package.
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, posix, relative, sep } from "node:path";
import { home } from "./home.mjs";
import { listFiles, root } from "./workspace.mjs";

const IN_REPOSITORY = "](../../docs/";
const inPackage = (room, { files }) => (files ? `](${files}/docs/` : room === "core" ? "](docs/" : "](../core/docs/");

/** A package's README, whose links lead to the docs on the web, or else to those that the core brings along. */
export const packReadme = (text, room, place) => text.replaceAll(IN_REPOSITORY, inPackage(room, place));
export const restoreReadme = (text, room, place) => text.replaceAll(inPackage(room, place), IN_REPOSITORY);

const LINK = /\[([^\][]*)\]\(([^)\s#:]+)(#[^)\s]*)?\)/g;

/**
 * A page of the docs as the core brings it along. The rest of the repository is on the web, or else is only named.
 * @param path the page's own, from the repository's top
 */
export function packPage(text, path, { files }) {
  return text.replace(LINK, (link, words, to, anchor = "") => {
    const target = posix.join(posix.dirname(path), to);
    if (target.startsWith("docs/")) return link;
    if (files) return `[${words}](${files}/${target}${anchor})`;
    const room = /^packages\/([^/]+)(\/README\.md)?$/.exec(target)?.[1];
    return room && !words.includes(`@turnpike/${room}`) ? `${words} (README of \`@turnpike/${room}\`)` : words;
  });
}

/** Before the package in `dir` is packed. */
export function packPages(dir) {
  const room = basename(dir);
  rewrite(join(dir, "README.md"), (text) => packReadme(text, room, home));
  if (room !== "core") return;
  const docs = join(root, "docs");
  cpSync(docs, join(dir, "docs"), { recursive: true });
  for (const file of listFiles(join(dir, "docs"))) {
    const path = `docs/${relative(join(dir, "docs"), file).split(sep).join("/")}`;
    rewrite(file, (text) => packPage(text, path, home));
  }
}

/** After it is packed. */
export function restorePages(dir) {
  const room = basename(dir);
  rewrite(join(dir, "README.md"), (text) => restoreReadme(text, room, home));
  if (room === "core") rmSync(join(dir, "docs"), { recursive: true, force: true });
}

function rewrite(file, change) {
  const text = readFileSync(file, "utf8");
  const changed = change(text);
  if (changed !== text) writeFileSync(file, changed);
}
