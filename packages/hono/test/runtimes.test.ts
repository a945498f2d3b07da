import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { payer, readChallenge, startFacilitator, type TestFacilitator } from "@turnpike/testing";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const require = createRequire(import.meta.url);
const text = "bytes that the handler has coded itself, and that are sent as they are";
const coded = { gzip: gzipSync(text).toString("hex"), br: brotliCompressSync(text).toString("hex") };

let facilitator: TestFacilitator;
let folder: string;
const processes: ChildProcess[] = [];
const buyer = payer();

beforeAll(async () => {
  facilitator = await startFacilitator();
  folder = await mkdtemp(join(tmpdir(), "runtimes-"));
});
afterAll(async () => {
  for (const child of processes) {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
  await facilitator.close();
  await rm(folder, { recursive: true });
});

const shop = () =>
  JSON.stringify([
    {
      payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
      network: "base-sepolia",
      facilitator: facilitator.url,
      reconcileSeconds: 0,
    },
    coded,
  ]);

/** Starts a process, and waits for what it says first. */
async function start(file: string, args: string[], pattern: RegExp, channel: "stdout" | "fd3"): Promise<string> {
  const child = spawn(file, args, { cwd: folder, stdio: ["ignore", "pipe", "inherit", "pipe"] });
  processes.push(child);
  const stream = channel === "stdout" ? child.stdout : child.stdio[3];
  return new Promise((resolve, reject) => {
    let said = "";
    // Read on: a process whose output nobody takes may stand still.
    stream?.on("data", (chunk) => {
      said += chunk;
      const found = pattern.exec(said)?.[1];
      if (found) resolve(found);
    });
    child.once("exit", () => reject(new Error(`${file} has ended: ${said}`)));
  });
}

async function bundle(entry: string, conditions: string[]): Promise<string> {
  const outfile = join(folder, `${entry}.js`);
  await build({
    entryPoints: [join(import.meta.dirname, `${entry}.ts`)],
    outfile,
    bundle: true,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["@turnpike/source", ...conditions, "import"],
    external: ["node:*"],
    logLevel: "warning",
  });
  return outfile;
}

async function startBun(): Promise<string> {
  const { platform, arch } = process;
  const near = createRequire(require.resolve("bun/package.json"));
  const binary = join(dirname(near.resolve(`@oven/bun-${platform}-${arch}/package.json`)), "bin", "bun");
  return start(binary, [await bundle("bun-server", ["bun"]), shop()], /(http:\S+)/, "stdout");
}

async function startWorkerd(): Promise<string> {
  await bundle("worker", ["workerd", "worker", "browser"]);
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "shop", worker = .shop),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "shop")],
);
const shop :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  bindings = [(name = "SHOP", text = ${JSON.stringify(shop())})],
);
`;
  await writeFile(join(folder, "shop.capnp"), config);
  const { default: binary } = createRequire(import.meta.url)("workerd") as { default: string };
  const args = ["serve", "--control-fd=3", join(folder, "shop.capnp"), "config"];
  return `http://127.0.0.1:${await start(binary, args, /"port":(\d+)/, "fd3")}/`;
}

/** An answer as it stands on the wire: `fetch` would decode it. */
async function raw(url: string, headers: Record<string, string>) {
  const outgoing = request(url, { headers: { "accept-encoding": "gzip, br", ...headers } }).end();
  const [answer] = await once(outgoing, "response");
  const body = await buffer(answer);
  expect(answer.statusCode).toBe(200);
  const type = String(answer.headers["content-type"] ?? "none").replace(/boundary=.*/, "boundary");
  return {
    type,
    coding: answer.headers["content-encoding"],
    body: type.includes("boundary") ? "a form" : digestOf(body),
  };
}

const digestOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** Free, paid for, and again with the same payment. */
async function compare(origin: string, name: string, kept = true): Promise<void> {
  const free = await raw(`${origin}free/${name}`, {});
  const challenge = readChallenge(await fetch(`${origin}paid/${name}`));
  if (!challenge) throw new Error("No challenge");
  const payment = { "payment-signature": await buyer.header(challenge) };
  expect(await raw(`${origin}paid/${name}`, payment), `${name}, paid`).toEqual(free);
  if (kept) expect(await raw(`${origin}paid/${name}`, payment), `${name}, again`).toEqual(free);
}

describe("what a runtime would send free is sent for a price, and again", () => {
  it("G60 by workerd: bodies that a handler has coded, and that the runtime codes", { timeout: 90_000 }, async () => {
    const origin = await startWorkerd();
    for (const name of [
      "gzip",
      "br",
      "auto-gzip",
      "auto-br",
      "string",
      "parameters",
      "blob",
      "stream",
      "text",
      "json",
    ]) {
      await compare(origin, name);
    }
    for (const name of ["form", "bytes", "none", "empty", "untyped"]) await compare(origin, name);
    for (const name of ["large", "large-text"]) await compare(origin, name, false);
    expect((await raw(`${origin}free/gzip`, {})).body).toBe(digestOf(Buffer.from(coded.gzip, "hex")));
  });

  it("G61 by Bun: the types of bodies without one", { timeout: 90_000 }, async () => {
    const origin = await startBun();
    for (const name of ["string", "parameters", "blob", "untyped", "bytes", "stream", "form", "none", "empty"]) {
      await compare(origin, name);
    }
    for (const name of ["text", "json", "gzip", "br"]) await compare(origin, name);
    for (const name of ["large", "large-text"]) await compare(origin, name, false);
  });
});
