import * as core from "@turnpike/core";
import { expect, it } from "vitest";
import * as adapter from "../src/index.js";

it("G52 the adapter exports what the core does, so that a seller installs and imports the adapter alone", () => {
  const missing = Object.keys(core).filter((name) => !(name in adapter));
  expect(missing).toEqual([]);
  expect(adapter.createPaywall).toBe(core.createPaywall);
});
