import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";

/** tsx belongs to the end-to-end tests; children run from sources with it. */
const root = join(import.meta.dirname, "../../../..");
const tsx = pathToFileURL(createRequire(join(root, "e2e/package.json")).resolve("tsx")).href;

export interface Child {
  /** What it said, parsed. */
  readonly lines: readonly unknown[];
  /** Its next line; rejects when it ends without one. */
  line(): Promise<unknown>;
  /** Lets it finish what it waits for. */
  tell(): void;
  kill(signal: "SIGKILL"): Promise<void>;
  readonly ended: Promise<void>;
}

/** Runs `child.ts` in a process of its own. @param blocks the size that no file may grow beyond, in blocks of 512 bytes */
export function startChild(args: readonly string[], options: { blocks?: number } = {}): Child {
  const node = [
    process.execPath,
    "--import",
    tsx,
    "--conditions=@turnpike/source",
    fileURLToPath(new URL("./child.ts", import.meta.url)),
    ...args,
  ];
  const [command = "", ...rest] = options.blocks
    ? ["sh", "-c", `trap '' XFSZ; ulimit -f ${options.blocks}; exec "$@"`, "sh", ...node]
    : node;
  const child: ChildProcess = spawn(command, rest, { stdio: ["pipe", "pipe", "inherit"] });
  const lines: unknown[] = [];
  let read = 0;
  let over = false;
  let wake = () => {};
  const reader = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  reader.on("line", (line) => {
    lines.push(JSON.parse(line));
    wake();
  });
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => {
      over = true;
      wake();
      resolve();
    });
  });
  return {
    lines,
    ended,
    line: async () => {
      while (read >= lines.length) {
        if (over) throw new Error("The child ended without a word.");
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return lines[read++];
    },
    tell: () => child.stdin?.write("go\n"),
    kill: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}
