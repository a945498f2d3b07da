import { generateKeyPairSync } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { payer, startFacilitator } from "@turnpike/testing";
import { expect, it } from "vitest";
import { openPage, seller } from "../src/page.js";

it("going live: sells over Coinbase's facilitator, keeps what was sold over a restart, and ends when told to", async () => {
  await using facilitator = await startFacilitator({ path: "/platform/v2/x402" });
  const page = await openPage("docs/going-live.md", [3000]);
  await rm(join(page.folder, "payments.db"), { force: true });
  const { d, x } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const secret = Buffer.concat([Buffer.from(d as string, "base64url"), Buffer.from(x as string, "base64url")]);
  const options = {
    internet: { "https://api.cdp.coinbase.com": new URL(facilitator.url).origin },
    env: {
      PORT: "0",
      PAY_TO: seller,
      CDP_API_KEY_ID: "key",
      CDP_API_KEY_SECRET: secret.toString("base64"),
      BASE_RPC_URL: "https://node.example",
    },
  };
  const purchase = await (async () => {
    await using app = await page.start("server.ts", options);
    const bought = await payer().buy(`${app.origin}/weather`);
    expect(bought.response.status).toBe(200);
    expect(bought.challenge).toMatchObject({
      resource: { url: "https://api.example.com/weather" },
      accepts: [{ network: "eip155:8453", payTo: seller, asset: "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913" }],
    });
    expect(facilitator.calls.at(-1)?.headers.authorization).toMatch(/^Bearer ey/);
    const ready = await fetch(`${app.origin}/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([200, { ready: true }]);
    expect(await app.stop()).toBe(0);
    return bought;
  })();
  await using app = await page.start("server.ts", options);
  const again = await fetch(`${app.origin}/weather`, { headers: { "payment-signature": purchase.header } });
  expect([again.status, await again.json()]).toEqual([200, { weather: "sunny" }]);
  expect(facilitator.charges.length).toBe(1);
  const bought = await page.run("buyer.ts", { env: { URL: `${app.origin}/weather` } });
  expect(bought.stdout).toBe('200 {"weather":"sunny"}\n');
});

it("going live: a missing variable stops the start, and the error names the option", async () => {
  const page = await openPage("docs/going-live.md", [3000]);
  const { code, stderr } = await page.run("server.ts", { env: { PORT: "0", PAY_TO: seller } });
  expect(code).toBe(1);
  expect(stderr).toMatch(/invalid_facilitator|cdp/);
});

it("going live: what a build loads needs no secrets", async () => {
  const page = await openPage("docs/going-live.md");
  expect(await page.run("lib/tolls.ts")).toMatchObject({ code: 0, stderr: "" });
});

it("logging: pino writes one line with the code, the route and the stack", async () => {
  const page = await openPage("docs/logging.md", [3000]);
  await using app = await page.start("server.ts");
  expect((await fetch(`${app.origin}/forecast`)).status).toBe(500);
  await expect.poll(() => app.output()).toContain("no price today");
  const lines = app
    .output()
    .split("\n")
    .filter((line) => line.includes("no price today"));
  expect(lines.length).toBe(1);
  const line = JSON.parse(lines[0] as string);
  expect(line).toMatchObject({ level: 50, code: "price_unavailable", route: "GET /forecast" });
  expect(line.error.stack).toContain("server.ts");
  expect((await fetch(`${app.origin}/weather`)).status).toBe(402);
});

it("logging: what was sold is observed", async () => {
  expect(await (await openPage("docs/logging.md")).run("sales.ts")).toMatchObject({ code: 0, stderr: "" });
});

it("testing: the test passes without a network", async () => {
  const page = await openPage("docs/testing.md");
  const { code, stdout } = await page.run("app.test.ts");
  expect(stdout).toMatch(/pass 2$/m);
  expect(code).toBe(0);
});
