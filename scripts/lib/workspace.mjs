import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's top folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export const readJson = (file) => JSON.parse(readFileSync(file, "utf8"));

/** Every folder of `packages/` with what its package.json says. */
export function listPackages() {
  const rooms = join(root, "packages");
  return readdirSync(rooms, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ room: name, dir: join(rooms, name), manifest: readJson(join(rooms, name, "package.json")) }));
}

/** The files below a folder, without those of folders that `skip` names. */
export function listFiles(dir, skip = ["node_modules", "dist"]) {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return skip.includes(entry.name) ? [] : listFiles(path, skip);
    return entry.isFile() ? [path] : [];
  });
}

export const isTest = (file) => /\.(test|test-d|spec|bench)\.[cm]?tsx?$/.test(file);
