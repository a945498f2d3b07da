import { defineConfig } from "vitest/config";
import { projects } from "./vitest.workspace.js";

const conditions = ["@turnpike/source", "node"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    projects,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
