import type { ConfigError } from "@turnpike/core";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { paid, paywall } from "../src/index.js";
import { openTill } from "./till.js";

const till = openTill();
const handler = async () => "bought";

async function problemsOf(app: FastifyInstance): Promise<string[]> {
  const error = await app.ready().then(
    () => undefined,
    (reason: ConfigError) => reason,
  );
  return (error?.problems ?? []).map(({ code, path }) => `${code} ${path}`);
}

describe("G23 a price that is there without a value", () => {
  it.each([undefined, null, "", "  "])("stops the start: %j", async (price) => {
    const app = till.app();
    await app.register(paywall, till.config({ routes: { "GET /x": "$0.01" } }));
    app.get("/x", handler);
    app.register(
      async (scope) => {
        scope.get("/inner", { config: { paywall: price as "$1" } }, handler);
        scope.route({ method: ["POST", "PUT"], url: "/many", config: { paywall: price as "$1" }, handler });
      },
      { prefix: "/api" },
    );
    expect(await problemsOf(app)).toEqual(["price_missing GET /api/inner", "price_missing POST,PUT /api/many"]);
    expect((await app.inject("/api/inner")).statusCode).toBe(500);
  });

  it("stops the start where the table prices the route too", async () => {
    const app = till.app();
    await app.register(paywall, till.config({ routes: { "GET /*": "$0.01" } }));
    app.get("/x", { config: { paywall: undefined as never } }, handler);
    expect(await problemsOf(app)).toContain("price_missing GET /x");
  });
});

describe("G24 a price in a route's config", () => {
  it("stops the start of an app without a paywall that reads it", async () => {
    const app = till.app();
    app.get("/early", { config: { paywall: "$0.01" } }, handler);
    app.register(async (scope) => void scope.post("/x", { config: { paywall: { price: "$1" } } }, handler), {
      prefix: "/api",
    });
    app.get("/unset", { config: { paywall: undefined as never } }, handler);
    expect(await problemsOf(app)).toEqual([
      "price_missing GET /early",
      "price_missing GET /unset",
      "price_missing POST /api/x",
    ]);
  });

  it("is read by a paywall anywhere in the app, before or after the route", async () => {
    const app = till.app();
    app.register(async (scope) => void scope.get("/x", { config: { paywall: "$0.01" } }, handler));
    app.register(async (scope) => void scope.register(paywall, till.config()));
    await app.ready();
    expect((await app.inject("/x")).statusCode).toBe(402);
  });

  it("needs no paywall where paid made it, or where it opens the route", async () => {
    const app = till.app();
    app.get("/paid", paid(till.config(), "$0.01"), handler);
    app.get("/free", { config: { paywall: "free" } }, handler);
    app.get("/plain", { config: {} }, handler);
    expect(await problemsOf(app)).toEqual([]);
    expect((await app.inject("/paid")).statusCode).toBe(402);
    expect((await app.inject("/free")).statusCode).toBe(200);
  });
});
