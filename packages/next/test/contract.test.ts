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
    D42: "a field that stands on the response ahead of the handler wins in Next",
    G62: "a field that stands on the response ahead of the handler wins in Next",
  },
});
