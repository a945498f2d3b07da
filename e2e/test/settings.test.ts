import { describe, expect, test } from "vitest";
import { createConfig, readSettings, SettingsError } from "../shop/shared/src/settings.js";
import { runToEnd } from "./support/process.js";

const least = { FACILITATOR_URL: "http://127.0.0.1:9", PAY_TO: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C" };

describe("the shop's variables", () => {
  test("have the defaults that shop.md names", () => {
    expect(createConfig(readSettings(least), "http://127.0.0.1:80")).toEqual({
      payTo: least.PAY_TO,
      network: "eip155:84532",
      facilitator: ["http://127.0.0.1:9"],
      origin: "http://127.0.0.1:80",
    });
  });

  test("name several facilitators in order of preference", () => {
    const { facilitators } = readSettings({ ...least, FACILITATOR_URL: "https://a.example, https://b.example" });
    expect(facilitators).toEqual(["https://a.example", "https://b.example"]);
  });

  test.for([
    [{ PAY_TO: "" }, "PAY_TO is not set"],
    [{ FACILITATOR_URL: undefined }, "FACILITATOR_URL is not set"],
    [{ PORT: "http" }, "PORT is no whole number up to 65535"],
    [{ PORT: "70000" }, "PORT is no whole number up to 65535"],
    [{ STORE: "file:ledger.db" }, "STORE can only be memory so far"],
    [{ EVM_RPC_URL: "http://127.0.0.1:9" }, "EVM_RPC_URL cannot be used yet: outcomes are not checked on chain"],
    [{ ASSET: least.PAY_TO, ASSET_NAME: "USD" }, "ASSET_VERSION is not set; ASSET_DECIMALS is not set"],
    [{ FACILITATOR_TIMEOUT_MS: "1.5" }, "FACILITATOR_TIMEOUT_MS is no whole number up to 600000"],
  ] as const)("%j are refused: %s", ([env, message]) => {
    expect(() => readSettings({ ...least, ...env })).toThrow(new SettingsError(message));
  });
});

test("an unknown framework is refused with the known ones", async () => {
  const refusal = await runToEnd(["e2e/shop/start.mjs", "koa"]);
  expect(refusal).toMatchObject({ code: 1, stdout: "" });
  expect(refusal.stderr).toContain("express|hono|next|fastify|workers");
});
