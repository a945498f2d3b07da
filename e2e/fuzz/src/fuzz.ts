import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

/** One campaign in a process of its own, since only one Express can stand for `express` in a process. */
export function runFuzz(adapter: string, requests: number, seed: number): Promise<{ code: number; text: string }> {
  const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  // Node warns of many listeners on one socket, which is what pipelining is, and of URLs that it takes all the same.
  const imports = [
    "--no-warnings",
    "--import",
    tsx,
    ...(adapter === "express4" ? ["--import", file("express4.mjs")] : []),
  ];
  const child = spawn(process.execPath, [...imports, file("adapter.ts"), adapter, String(requests), String(seed)]);
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => {
    child.once("close", (code) => resolve({ code: code ?? 1, text: Buffer.concat(chunks).toString() }));
  });
}
