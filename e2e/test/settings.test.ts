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
    ["memory", { kind: "memory" }],
    ["file:./payments.db", { kind: "file", path: "./payments.db" }],
    ["redis://127.0.0.1:6379/0", { kind: "redis", url: "redis://127.0.0.1:6379/0", prefix: undefined }],
    ["redis://127.0.0.1:6379/0?prefix=abc", { kind: "redis", url: "redis://127.0.0.1:6379/0", prefix: "abc" }],
    [
      "postgres://postgres@127.0.0.1/test?schema=abc&sslmode=disable",
      { kind: "postgres", url: "postgres://postgres@127.0.0.1/test?sslmode=disable", schema: "abc" },
    ],
  ] as const)("STORE=%s names its store, and its driver does not see what is the shop's own", ([STORE, store]) => {
    expect(readSettings({ ...least, STORE }).store).toEqual(store);
  });

  test("EVM_RPC_URL is who is asked about the network", () => {
    const { chain } = createConfig(
      readSettings({ ...least, EVM_RPC_URL: "http://127.0.0.1:9" }),
      "http://127.0.0.1:80",
    );
    expect(chain).toMatchObject({ networks: ["eip155:84532"] });
  });

  test.for([
    [{ PAY_TO: "" }, "PAY_TO is not set"],
    [{ FACILITATOR_URL: undefined }, "FACILITATOR_URL is not set"],
    [{ PORT: "http" }, "PORT is no whole number up to 65535"],
    [{ PORT: "70000" }, "PORT is no whole number up to 65535"],
    [{ STORE: "disk" }, "STORE is none of memory, file:<path>, redis://<address> and postgres://<address>"],
    [{ STORE: "file:" }, "STORE is none of memory, file:<path>, redis://<address> and postgres://<address>"],
    [
      { STORE: "mysql://127.0.0.1" },
      "STORE is none of memory, file:<path>, redis://<address> and postgres://<address>",
    ],
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
