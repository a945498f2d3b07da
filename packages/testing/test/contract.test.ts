import type { IncomingMessage } from "node:http";
import { testAdapter } from "../src/adapters.js";
import { startBareNode, writePath } from "./bare-node.js";

const noOwnPaths = "the router serves a path as it was sent, and has no static files or proxies";
const noGates = "it has one place for its gate, and no router that could be asked where it stands";

testAdapter({
  name: "node:http by hand",
  answers: "node",
  start: startBareNode,
  url: (raw: IncomingMessage) => raw.url ?? "/",
  pattern: writePath,
  exceptions: {
    P05: noOwnPaths,
    P06: noOwnPaths,
    C01: "the router does not know its routes ahead of a request",
    G10: noGates,
    G10c: noGates,
    G10e: noGates,
    G12: noGates,
    G13: noGates,
    G14: noGates,
    G14b: noGates,
    G15: noGates,
    G15b: noGates,
    G19: noGates,
    G19b: noGates,
    G19c: noGates,
    G20: noGates,
    G20b: noGates,
    G20c: noGates,
    G20e: noGates,
    G21: noGates,
    G21c: noGates,
    G25c: noGates,
    G27: noGates,
    G27b: noGates,
  },
});
