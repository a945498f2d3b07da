import { startFacilitator } from "@turnpike/testing";
import { expect, it } from "vitest";
import { buyAcross } from "../src/browser.js";
import { openPage } from "../src/page.js";

const price = async (url: string, method = "GET"): Promise<string> => {
  const response = await fetch(url, { method });
  const offer = response.headers.get("payment-required");
  const amount = offer && JSON.parse(Buffer.from(offer, "base64").toString()).accepts[0].amount;
  return amount ? `${response.status} ${amount}` : String(response.status);
};

it.for(["express.ts", "hono.ts", "fastify.ts"])("the section of %s costs what its table says", async (file) => {
  const page = await openPage("docs/sections.md", [3000]);
  await using app = await page.start(file);
  const at = (path: string, method?: string) => price(`${app.origin}${path}`, method);
  expect(await at("/api")).toBe("402 10000");
  expect(await at("/api/users")).toBe("402 10000");
  expect(await at("/api/items/7")).toBe("402 10000");
  expect(await at("/api/items", "POST")).toBe("402 20000");
  expect(await at("/api/items", "DELETE")).toBe("405");
  expect(await at("/status")).toBe("200");
  if (file === "fastify.ts") expect(await at("/api/status")).toBe("200");
});

it.for(["express.ts", "hono.ts", "fastify.ts"])("a page of another origin can buy from the app of %s", async (file) => {
  const page = await openPage("docs/cors.md", [3000, 4022]);
  await using facilitator = await startFacilitator({ port: Number(new URL(page.origin(4022)).port) });
  await using app = await page.start(file);
  await buyAcross(`${app.origin}/weather`);
  expect(facilitator.charges.length).toBe(1);
});
