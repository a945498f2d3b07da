import { fileURLToPath } from "node:url";
import type { TestProjectInlineConfiguration } from "vitest/config";

/**
 * How long anything may take. A test waits for a state, and what decides is that it comes: the limits are only there so that a
 * test that waits in vain ends, also beside other busy processes.
 */
export const patient = {
  testTimeout: 240_000,
  hookTimeout: 240_000,
  expect: { poll: { timeout: 120_000, interval: 20 } },
  setupFiles: [fileURLToPath(new URL("scripts/lib/patience.ts", import.meta.url))],
};

const project = (name: string, rest: { test?: object; resolve?: object } = {}): TestProjectInlineConfiguration => ({
  extends: true,
  ...(rest.resolve ? { resolve: rest.resolve } : {}),
  test: { name, include: [`packages/${name}/{src,test}/**/*.test.ts`], ...rest.test },
});

/**
 * End-to-end tests run what users get: the export condition of our sources is left out, so the built packages are used.
 * They come last, the longest first, so that no other file is waited for at the end.
 */
const endToEnd = (name: string, groupOrder: number, rest: object): TestProjectInlineConfiguration => ({
  test: { name, ...patient, sequence: { groupOrder }, ...rest },
});

const shops = ["express", "hono", "next", "fastify", "workers"].map((framework) =>
  endToEnd(`shop-${framework}`, 2, {
    include: ["e2e/test/shop/*.test.ts"],
    provide: { framework },
    // Files run side by side, and a build takes one of them at a time.
    ...(framework === "next" ? { globalSetup: ["e2e/test/support/build-shop.ts"] } : {}),
  }),
);

/** The list of test projects; `vitest.config.ts` imports it, since Vitest no longer reads this file by itself. */
export const projects: TestProjectInlineConfiguration[] = [
  project("core"),
  project("testing"),
  project("evm"),
  project("sqlite"),
  project("redis"),
  project("postgres"),
  project("durable-objects"),
  project("opentelemetry"),
  project("cli"),
  project("express"),
  project("express4", {
    resolve: { alias: [{ find: /^express$/, replacement: "express4" }] },
    test: { include: ["packages/express/test/**/*.test.ts", "packages/express/src/lib/matcher.test.ts"] },
  }),
  project("hono"),
  project("next"),
  project("fastify"),
  project("chain", { test: { include: ["e2e/chain/test/**/*.test.ts"] } }),
  endToEnd("consumers", 1, { include: ["e2e/consumers/test/**/*.test.ts"], maxConcurrency: 2, testTimeout: 240_000 }),
  endToEnd("e2e", 1, { include: ["e2e/test/*.test.ts"] }),
  endToEnd("docs", 1, { include: ["e2e/docs/test/*.test.ts"] }),
  ...shops,
];
