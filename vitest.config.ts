import { defineConfig } from "vitest/config";
import { patient, projects } from "./vitest.workspace.js";

const conditions = ["@turnpike/source", "node"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    projects,
    maxWorkers: 2,
    ...patient,
  },
});
