import { afterAll, beforeAll, expect, it } from "vitest";
import { type Consumer, compile, copyApps, openConsumer, runJest, runNode, settings } from "./project.js";

let consumer: Consumer;
beforeAll(async () => {
  consumer = await openConsumer();
});
afterAll(() => consumer?.remove());

const sale = { unpaid: 402, paid: 200, body: { item: 1, paid: "10000" }, settled: true, charges: 1 };
const everywhere = { express: sale, fastify: sale, hono: sale, next: sale };

it.concurrent.for(settings)("compiles with TypeScript's $name, and sells in every framework", async (setting) => {
  const { app, problems } = await compile(consumer, setting);
  expect(problems).toBe("");
  const { code, stdout, stderr } = await runNode(["main.js"], app);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout)).toEqual(everywhere);
  if (setting.name !== "node16-commonjs") return;
  const tested = await runJest(consumer, app);
  expect(tested).toMatchObject({ code: 0, stderr: expect.stringContaining("Tests:       4 passed, 4 total") });
});

it("is one Turnpike in a process that has both kinds of modules", async () => {
  const { code, stdout, stderr } = await runNode(["mixed.mjs"], copyApps(consumer, "mixed", "module"));
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout)).toEqual({
    copies: 2,
    requiredEngine: [402, 200],
    importedEngine: [402, 200],
    replayed: [200, 1],
    charges: 2,
    paidFor: true,
    errors: ["ConfigError", "StoreError", "FacilitatorError", "ChainError", "TurnpikeError"],
  });
});
