import type { IncomingMessage } from "node:http";
import { testAdapter } from "../src/adapters.js";
import { startBareNode } from "./bare-node.js";

const noOwnPaths = "the router serves a path as it was sent, and has no static files or proxies";

testAdapter({
  name: "node:http by hand",
  answers: "node",
  start: startBareNode,
  url: (raw: IncomingMessage) => raw.url ?? "/",
  exceptions: {
    P05: noOwnPaths,
    P06: noOwnPaths,
    C01: "the router does not know its routes ahead of a request",
  },
});
