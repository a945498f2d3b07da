import { paymentIdentifier } from "@turnpike/core";

/** What the priced routes of this app share. The addresses come from the test, in this process. */
export const tolls = {
  payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
  network: "base-sepolia",
  facilitator: process.env.TEST_FACILITATOR ?? "http://127.0.0.1:9",
  extensions: [paymentIdentifier()],
};

const KEY = Symbol.for("turnpike.test.runs");

/** Counts a run of paid work, where the test can read it. */
export function run(name) {
  globalThis[KEY] ??= {};
  globalThis[KEY][name] = (globalThis[KEY][name] ?? 0) + 1;
  return globalThis[KEY][name];
}
