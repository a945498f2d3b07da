import { payer, startFacilitator } from "@turnpike/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { openPage, type Page } from "../src/page.js";

let page: Page;
beforeAll(async () => {
  page = await openPage("docs/quick-start.md", [3000, 4022]);
});

describe.sequential("the quick start", () => {
  it.for(["Express", "Hono", "Fastify"])(
    "sells the weather with %s to its own try.mts, without a network",
    async (framework) => {
      await using _server = await page.start(page.under(framework));
      const { code, stdout, stderr } = await page.run("try.mts");
      expect(stderr).toBe("");
      expect(stdout).toMatch(/^402 \S{100,}$/m);
      expect(stdout).toMatch(/^200 \{\s+weather: 'sunny',\s+paidBy: '0x\w{40}'\s+\} 0x\w{64}$/m);
      expect(code).toBe(0);
    },
  );

  it("sells both routes of one engine over the public facilitator of the test network", async () => {
    await using facilitator = await startFacilitator({ path: "/facilitator" });
    const internet = { "https://x402.org": new URL(facilitator.url).origin };
    await using server = await page.start(page.under("One engine for the whole app"), { internet });
    for (const route of ["weather", "report"]) {
      const { response } = await payer().buy(`${server.origin}/${route}`);
      expect(response.status).toBe(200);
    }
    expect(facilitator.charges.map(({ amount }) => amount)).toEqual(["10000", "1000000"]);
  });

  it("buys with the official client, with and without a key", async () => {
    await using facilitator = await startFacilitator({ path: "/facilitator" });
    const internet = { "https://x402.org": new URL(facilitator.url).origin };
    await using _server = await page.start(page.under("One engine for the whole app"), { internet });
    const key = `0x${"42".repeat(32)}`;
    const { code, stdout, stderr } = await page.run("client.mts", { env: { PRIVATE_KEY: key } });
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^0x\w{40} 200 \{"weather":"sunny"\}$/m);
    expect(code).toBe(0);
    expect((await page.run("client.mts", { env: {} })).stdout).toMatch(/^0x\w{40} 200/m);
  });
});
