import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../../", import.meta.url));
/** Samples are written here, where the packages that they import are installed. */
const cache = fileURLToPath(new URL("../.cache/", import.meta.url));

/** One fenced block of a page. */
export interface Sample {
  /** The page, from the top of the repository. */
  readonly page: string;
  /** The line of the page on which the block begins. */
  readonly line: number;
  /** The heading above it. */
  readonly heading: string;
  /** `ts`, `tsx`, `nginx`, `json`, … */
  readonly language: string;
  /** The file that the block is, as its first line says (`// client.mts`), or else a name of its own. */
  readonly file: string;
  readonly code: string;
}

const FENCE = /^```(\w+)\n(.*?)^```$/gms;
const FILE = /^(?:\/\/|#) (\S+\.\w+)(?: .*)?$/;

function readSamples(page: string, text: string): Sample[] {
  return [...text.matchAll(FENCE)].map((match) => {
    const [, language = "", code = ""] = match;
    const line = text.slice(0, match.index).split("\n").length;
    const heading =
      text
        .slice(0, match.index)
        .match(/^#+ .*$/gm)
        ?.at(-1)
        ?.replace(/^#+ /, "") ?? "";
    const named = FILE.exec(code.split("\n", 1)[0] ?? "")?.[1];
    return { page, line, heading, language, file: named ?? `line-${line}.${language}`, code };
  });
}

/** All pages that a user reads. */
export async function listPages(): Promise<string[]> {
  const inFolder = async (folder: string) =>
    (await readdir(join(root, folder))).filter((name) => name.endsWith(".md")).map((name) => `${folder}/${name}`);
  const readmes = async (folder: string) =>
    (await readdir(join(root, folder))).map((name) => `${folder}/${name}/README.md`);
  return ["README.md", ...(await inFolder("docs")), ...(await readmes("packages")), ...(await readmes("examples"))];
}

/** The samples of one page. */
export async function samplesOf(page: string): Promise<Sample[]> {
  return readSamples(page, await readFile(join(root, page), "utf8"));
}

/**
 * Writes the samples of a page into a folder of their own, so that they find each other and their packages.
 * @param edit what a reader has to put in, such as an address
 * @returns the folder
 */
export async function writeSamples(
  samples: readonly Sample[],
  folder: string,
  edit: (code: string) => string = (code) => code,
): Promise<string> {
  const target = join(cache, folder);
  const written = new Map<string, Sample>();
  for (const sample of samples) {
    const earlier = written.get(sample.file);
    if (earlier && earlier.code !== sample.code) {
      throw new Error(`${sample.page} has two files ${sample.file}, on lines ${earlier.line} and ${sample.line}.`);
    }
    written.set(sample.file, sample);
    const file = join(target, sample.file);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, edit(sample.code));
  }
  return target;
}
