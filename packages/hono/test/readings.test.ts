import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { paywall } from "../src/index.js";

const config = { payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", network: "base-sepolia" } as const;

describe("a path that a handler resolves by itself", () => {
  const app = new Hono();
  app.use(paywall(config, { "GET /s/free/*": "free", "GET /s/premium/*": "$1", "GET /s/dear/*": "$5" }));
  app.get("/s/*", (c) => c.text(new URL(decodeURIComponent(c.req.path), "http://a").pathname));
  const status = async (path: string) => (await app.request(path)).status;

  it("P06 costs what it leads to, though it begins with a free path", async () => {
    expect(await status("/s/free/f.txt")).toBe(200);
    for (const path of ["/s/free/..%2fpremium/f.txt", "/s/free/..%5cpremium/f.txt", "/s/free/%2e%2e%2fpremium/f.txt"]) {
      expect(await status(path), path).toBe(402);
    }
  });

  it("P06 is refused if it may be taken for two paths of different prices", async () => {
    const answer = await app.request("/s/premium/..%2fdear/f.txt");
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: "ambiguous_path" });
  });
});
