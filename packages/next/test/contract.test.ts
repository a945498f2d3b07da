import { testAdapter } from "@turnpike/testing/adapters";
import type { NextRequest } from "next/server.js";
import { afterAll, beforeAll } from "vitest";
import { type RunningNext, startNext } from "./next-server.js";

let next: RunningNext;
beforeAll(async () => {
  next = await startNext();
}, 180_000);
afterAll(() => next?.close());

const wrappers = "Next resolves paths to files by itself, and prices stand on the handlers of one file";
const verbs = "a table of Next has the verbs of one file and no paths";

testAdapter({
  name: "next",
  answers: "fetch",
  url: (raw: NextRequest) => raw.url,
  async start(stage) {
    next.setStage(stage);
    return { origin: next.origin, close: async () => {} };
  },
  exceptions: {
    P05: wrappers,
    P05b: wrappers,
    P06: wrappers,
    C01: verbs,
    C02: verbs,
    C07: verbs,
    G18: "Next's server ends a request with Upgrade itself, before any route handler",
    G10: wrappers,
    G10b: wrappers,
    G10c: wrappers,
    G10d: wrappers,
    G10e: wrappers,
    G10f: wrappers,
    G12: wrappers,
    G13: wrappers,
    G14: wrappers,
    G14b: wrappers,
    G19: wrappers,
    G19b: wrappers,
    G19c: wrappers,
    G20: wrappers,
    G20b: wrappers,
    G20c: wrappers,
    G20d: wrappers,
    G20e: wrappers,
    G21: wrappers,
    G21b: wrappers,
    G21c: wrappers,
    G25: wrappers,
    G25b: wrappers,
    G25c: wrappers,
    G27: wrappers,
    G27b: wrappers,
    H20: "Next tells the client's address only where its platform does",
    H20b: "Next tells the client's address only where its platform does",
    D12b: "a route handler of Next hears of no connection",
    D42: "a field that stands on the response ahead of the handler wins in Next",
    G62: "a field that stands on the response ahead of the handler wins in Next",
  },
});
