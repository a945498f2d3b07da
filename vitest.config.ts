import { defineConfig } from "vitest/config";
import { patient, projects } from "./vitest.workspace.js";

const conditions = ["@turnpike/source", "node"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    projects,
    // Most tests wait for something, so two cores have time for one file more.
    maxWorkers: 3,
    ...patient,
  },
});
