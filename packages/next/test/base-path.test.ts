import type { PaymentPayload } from "@turnpike/core/protocol";
import { readChallenge } from "@turnpike/testing";
import { describe, expect, it } from "vitest";
import { basedDirectory } from "./build-app.js";
import { openTill } from "./till.js";

const till = openTill(basedDirectory);

/** Handlers on both runtimes, a catch-all, a rewrite, the root of the app, and a page behind a proxy. */
const paths = [
  "/shop/items/7/",
  "/shop/edge/",
  "/shop/section/a/b/",
  "/shop/section/shop/",
  "/shop/alias/7/",
  "/shop/",
  "/shop/article/one/",
];

describe("G64 an app under a base path", () => {
  it.each(paths)("names the URL that the client asked, and takes the payment that names it: %s", async (path) => {
    const { response, receipt, challenge } = await till.buy(`${path}?a=1`);
    expect(challenge.resource.url).toBe(till.origin + path);
    expect([response.status, receipt?.success]).toEqual([200, true]);
    expect(await response.text()).toContain("premium");
  });

  it("names it for other methods too", async () => {
    const response = await till.get("/shop/items/7/", { method: "POST" });
    expect(readChallenge(response)?.resource.url).toBe(`${till.origin}/shop/items/7/`);
  });

  it.each(paths)("refuses a payment that names another URL, be it the one without the base path: %s", async (path) => {
    const runs = till.charges;
    for (const other of [path.replace("/shop", "") || "/", `/shop${path}`, "/shop/free/"]) {
      const named = { resource: { url: `${till.origin}${other}` } };
      const tamper = (payload: PaymentPayload) => ({ ...payload, ...named });
      const { response } = await till.buy(path, {}, { tamper });
      expect([response.status, ((await response.json()) as { code: string }).code], other).toEqual([
        402,
        "resource_mismatch",
      ]);
    }
    expect(till.charges).toBe(runs);
  });
});
