import { once } from "node:events";
import { rmSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type Ending, type Program, runToEnd, startProgram } from "../../test/support/process.js";
import { root, type Sample, samplesOf, writeSamples } from "./samples.js";

/** Whom the samples pay, once their reader has put in an address. */
export const seller = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";

/** Files of one page may be in use with several ports at once. */
const folders: string[] = [];
let opened = 0;
process.once("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
const world = fileURLToPath(new URL("world.mjs", import.meta.url));

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Origins of the internet, and what stands for them on this machine. */
  readonly internet?: Readonly<Record<string, string>>;
}

/** The samples of one page, as files that can be run. */
export interface Page {
  /** Where they lie. */
  readonly folder: string;
  readonly samples: readonly Sample[];
  /** The ports that the page names, and those that stand for them: for another page that is used beside this one. */
  readonly ports: ReadonlyMap<number, number>;
  /** The address of what a sample serves on this port. */
  origin(port: number): string;
  /** The first sample below this heading. */
  under(heading: string): string;
  /** Copies a sample to the same place in another folder. */
  copy(file: string, folder: string): Promise<void>;
  /** Starts a sample that serves. */
  start(file: string, options?: ProgramOptions): Promise<Program>;
  /** Runs a sample that ends. */
  run(file: string, options?: ProgramOptions): Promise<Ending>;
}

/**
 * Writes the samples of a page as a reader would, who puts in an address and takes ports that are free.
 * @param ports those that the page names, or those that another page has
 */
export async function openPage(
  page: string,
  ports: readonly number[] | ReadonlyMap<number, number> = [],
): Promise<Page> {
  const free = new Map<number, number>(Array.isArray(ports) ? [] : (ports as ReadonlyMap<number, number>));
  if (Array.isArray(ports)) for (const port of ports) free.set(port, await freePort());
  const samples = await samplesOf(page);
  const edit = (code: string): string => {
    let text = code.replaceAll("0xYourAddress", seller);
    for (const [named, port] of free) text = text.replace(new RegExp(`(?<![\\d.])${named}(?!\\d)`, "g"), String(port));
    return text;
  };
  opened += 1;
  const folder = await writeSamples(
    samples,
    join("run", `${page.replace(/\.md$/, "")}-${process.pid}-${opened}`),
    edit,
  );
  folders.push(folder);
  const settings = ({ env = {}, internet = {} }: ProgramOptions) => ({
    cwd: relative(root, folder),
    env: { ...env, WORLD: JSON.stringify(internet) },
    ready: /^listening (http:\S+)$/m,
  });
  const command = (file: string) => ["--import", "tsx", "--import", world, file];
  return {
    folder,
    ports: free,
    samples,
    origin: (port) => `http://127.0.0.1:${free.get(port)}`,
    under(heading) {
      const found = samples.find((sample) => sample.heading === heading && sample.language === "ts");
      if (!found) throw new Error(`${page} has no sample below "${heading}"`);
      return found.file;
    },
    async copy(file, target) {
      await mkdir(dirname(join(target, file)), { recursive: true });
      await copyFile(join(folder, file), join(target, file));
    },
    start: (file, options = {}) => startProgram(command(file), settings(options)),
    run: (file, options = {}) => runToEnd(command(file), { ...settings(options), ready: /^(?!)/ }),
  };
}

/** A port below those that systems give to clients, so that nothing takes it before the sample does. */
async function freePort(): Promise<number> {
  const port = 12_000 + Math.floor(Math.random() * 18_000);
  const server = createServer();
  const ready = once(server, "listening");
  server.listen(port, "127.0.0.1");
  const free = await ready.then(
    () => true,
    () => false,
  );
  if (!free) return freePort();
  server.close();
  await once(server, "close");
  return port;
}
