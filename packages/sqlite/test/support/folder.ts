import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

const folders: string[] = [];

/** The path of a file that is not there yet, in a folder of its own. */
export function freshPath(): string {
  const folder = mkdtempSync(join(tmpdir(), "turnpike-sqlite-"));
  folders.push(folder);
  return join(folder, "payments.db");
}

/** Removes the folders once the tests of a file are over. */
export function removeFolders(): void {
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
}
