import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkPackedLinks } from "../../../scripts/check/links.mjs";
import { docsOf, home } from "../../../scripts/lib/home.mjs";
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
    checks: ["priced_twice", "priced_twice", "priced_twice", "priced_twice"],
  });
});

it("leads from an error to its page, and from each link of a package to where it should", async () => {
  const throws = 'import("@turnpike/core").then(({ createPaywall }) => createPaywall({ nonsense: true }))';
  const caught = `${throws}.catch(({ message, docs }) => process.stdout.write(JSON.stringify({ message, docs })))`;
  const { stdout } = await runNode(["--eval", caught], consumer.folder);
  const { message, docs } = JSON.parse(stdout);
  expect(docs).toBe(`${docsOf(home)}/errors.md#invalid_config`);
  expect(message).toContain(`see ${docs}`);
  const page = readFileSync(join(consumer.folder, "node_modules/@turnpike/core/docs/errors.md"), "utf8");
  expect(page).toContain('<a id="invalid_config">');
  expect(checkPackedLinks(consumer)).toEqual([]);
});
