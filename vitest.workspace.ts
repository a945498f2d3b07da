import type { TestProjectInlineConfiguration } from "vitest/config";

const project = (name: string, rest: { test?: object; resolve?: object } = {}): TestProjectInlineConfiguration => ({
  extends: true,
  ...(rest.resolve ? { resolve: rest.resolve } : {}),
  test: { name, include: [`packages/${name}/{src,test}/**/*.test.ts`], ...rest.test },
});

/** The list of test projects; `vitest.config.ts` imports it, since Vitest no longer reads this file by itself. */
export const projects: TestProjectInlineConfiguration[] = [
  project("core"),
  project("testing"),
  project("evm"),
  project("express"),
  project("express4", {
    resolve: { alias: [{ find: /^express$/, replacement: "express4" }] },
    test: { include: ["packages/express/test/contract.test.ts"] },
  }),
  project("hono"),
  project("next"),
  project("fastify"),
  project("chain", { test: { include: ["e2e/chain/test/**/*.test.ts"] } }),
];
