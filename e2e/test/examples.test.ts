import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { readChallenge } from "@turnpike/testing";
import { describe, expect, test } from "vitest";
import { buildApp } from "../shop/next/build.js";
import { type Program, runToEnd, type StartOptions, startProgram } from "./support/process.js";

const payTo = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";

/** Asks the app for the weather without a payment. */
async function expectChallenge({ origin }: Program): Promise<void> {
  const response = await fetch(`${origin}/weather`);
  expect(response.status).toBe(402);
  expect(readChallenge(response)).toMatchObject({
    resource: { url: expect.stringMatching(/^http:\/\/(127\.0\.0\.1|localhost):\d+\/weather$/) },
    accepts: [{ scheme: "exact", network: "eip155:84532", amount: "10000", payTo }],
  });
}

describe.for(["express", "hono", "fastify"])("the example for %s", (framework) => {
  const command = ["--import", "tsx", "server.ts"];
  const options = (env: Record<string, string>): StartOptions => ({
    cwd: `examples/${framework}`,
    env: { PORT: "0", ...env },
    ready: /^Serving (http:\S+)\/weather$/m,
  });

  test("starts, and asks one cent for the weather", async () => {
    await using app = await startProgram(command, options({ PAY_TO: payTo }));
    await expectChallenge(app);
  });

  test("says what is missing when nobody is named to be paid", async () => {
    const { code, stderr } = await runToEnd(command, options({ PAY_TO: "" }));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Set PAY_TO to your own address/);
  });
});

describe("the example for next", () => {
  const folder = fileURLToPath(new URL("../../examples/next", import.meta.url));

  test("G51 builds without any setting, and denies every request until it has a recipient", async () => {
    await buildApp(folder, {});
    const next = createRequire(`${folder}/package.json`).resolve("next/dist/bin/next");
    await using app = await startProgram([next, "start", "--hostname", "127.0.0.1", "--port", "0"], {
      cwd: "examples/next",
      env: { NEXT_TELEMETRY_DISABLED: "1" },
      ready: /Local: +(http:\S+)/,
    });
    const response = await fetch(`${app.origin}/weather`);
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ code: "setting_unavailable" });
  }, 180_000);

  test("builds, starts, and asks one cent for the weather", async () => {
    await buildApp(folder, {});
    const next = createRequire(`${folder}/package.json`).resolve("next/dist/bin/next");
    await using app = await startProgram([next, "start", "--hostname", "127.0.0.1", "--port", "0"], {
      cwd: "examples/next",
      env: { PAY_TO: payTo, NEXT_TELEMETRY_DISABLED: "1" },
      ready: /Local: +(http:\S+)/,
    });
    await expectChallenge(app);
  }, 180_000);
});
