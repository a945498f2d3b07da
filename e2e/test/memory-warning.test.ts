import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);

/** What a seller's process writes to stderr that starts with these options. */
async function start(options: string, environment: string): Promise<string> {
  const script = `
    import { createPaywall, memoryStore } from "@turnpike/core";
    const heard = [];
    const logger = { info() {}, warn: (message) => heard.push(message), error() {} };
    createPaywall({ payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", network: "base-sepolia", ${options} });
    process.stdout.write(heard.join(""));`;
  const env = { PATH: process.env.PATH, NODE_ENV: environment } as NodeJS.ProcessEnv;
  const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "-e", script], {
    cwd: new URL("..", import.meta.url),
    env,
  });
  return stdout + stderr;
}

test("C10 a start in production says that memory serves one process and forgets, and then ends as it likes", async () => {
  for (const options of ["", "store: memoryStore()"]) {
    const said = await start(options, "production");
    expect(said).toContain("TURNPIKE_MEMORY");
    expect(said).toContain("a restart loses them, including sales, and other processes do not see them");
  }
});

test("C10 it says so to the seller's logger instead, in any environment, and is silent otherwise", async () => {
  expect(await start("logger", "development")).toMatch(/^Turnpike records payments in the memory of this process/);
  expect(await start("logger", "production")).not.toContain("TURNPIKE_MEMORY");
  expect(await start("", "development")).toBe("");
});
