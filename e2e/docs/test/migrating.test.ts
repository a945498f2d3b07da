import { payer, startFacilitator } from "@turnpike/testing";
import { expect, it } from "vitest";
import { openPage } from "../src/page.js";

it.for(["after.ts", "hono.ts"])(
  "migrating: %s offers what the official package offered, and sells it",
  async (file) => {
    const page = await openPage("docs/migrating.md", [3000]);
    await using facilitator = await startFacilitator({ path: "/facilitator" });
    const internet = { "https://x402.org": new URL(facilitator.url).origin };
    const offers = [];
    for (const program of ["before.ts", file]) {
      await using app = await page.start(program, { internet });
      const { challenge, response } = await payer().buy(`${app.origin}/weather`);
      expect([response.status, await response.json()]).toEqual([200, { weather: "sunny" }]);
      const { accepts, resource } = challenge;
      offers.push({ offer: { ...accepts[0], maxTimeoutSeconds: 0 }, description: resource.description });
      expect(accepts[0]?.maxTimeoutSeconds).toBe(program === "before.ts" ? 300 : 120);
    }
    expect(offers[1]).toEqual(offers[0]);
    expect(facilitator.charges.length).toBe(2);
  },
);
