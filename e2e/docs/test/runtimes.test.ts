import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { waitUntil } from "../../test/support/wait.js";
import { openPage, type Page } from "../src/page.js";

const require = createRequire(import.meta.url);

/** The program of a runtime that is installed as a package. */
function binaryOf(name: "bun" | "deno"): string {
  const near = createRequire(require.resolve(`${name}/package.json`));
  const { platform, arch } = process;
  if (name === "bun") return join(dirname(near.resolve(`@oven/bun-${platform}-${arch}/package.json`)), "bin/bun");
  const libc = platform === "linux" ? "-glibc" : "";
  return join(dirname(near.resolve(`@deno/${platform}-${arch}${libc}/package.json`)), "deno");
}

const permissions = ["--allow-net", "--allow-env", "--allow-read", "--allow-sys"];
const commands = {
  bun: (file: string) => [file],
  deno: (file: string) => ["run", ...permissions, file],
};

/** Starts a sample by a runtime, and waits until it sells the weather. */
async function start(page: Page, name: "bun" | "deno", args: string[]): Promise<AsyncDisposable> {
  const env = { ...process.env, DENO_NO_UPDATE_CHECK: "1" };
  const child = spawn(binaryOf(name), args, { cwd: page.folder, env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  const gone = once(child, "exit").then(() => false);
  const sells = () =>
    fetch(`${page.origin(3000)}/weather`).then(
      ({ status }) => status === 402,
      () => false,
    );
  if (!(await Promise.race([waitUntil(sells), gone]))) {
    child.kill("SIGKILL");
    throw new Error(`${name} ${args.join(" ")} serves nothing: ${said}`);
  }
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

/** Buys by the page's own `try.mts`. */
async function expectSale(page: Page): Promise<void> {
  const { code, stdout } = await page.run("try.mts");
  expect(stdout).toMatch(/^200 \{\s+weather: 'sunny',\s+paidBy: '0x\w{40}'\s+\} 0x\w{64}$/m);
  expect(code).toBe(0);
}

for (const name of ["bun", "deno"] as const) {
  it.for(["Express", "Hono", "Fastify"])(`the quick start's %s sells on ${name}`, async (framework) => {
    const page = await openPage("docs/quick-start.md", [3000, 4022]);
    await using _server = await start(page, name, commands[name](page.under(framework)));
    await expectSale(page);
  });
}

it.for([
  { name: "bun" as const, args: () => ["bun.ts"] },
  {
    name: "deno" as const,
    args: (port: string) => ["serve", "--port", port, "--allow-net", "--allow-env", "--allow-read", "deno.ts"],
  },
])("Hono sells on a runtime's own server, without @hono/node-server", async ({ name, args }) => {
  const page = await openPage("docs/runtimes.md", [3000, 4022]);
  await using _server = await start(page, name, args(new URL(page.origin(3000)).port));
  const buyer = await openPage("docs/quick-start.md", page.ports);
  await expectSale(buyer);
});
