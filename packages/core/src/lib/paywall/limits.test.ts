import { expect, test } from "vitest";
import { createGuard } from "./limits.js";

const bringer = { client: "192.0.2.1", payer: "0xabc" };

test("what a facilitator's silence has cost an address is forgotten once it is down for all, and nothing else", () => {
  const guard = createGuard({ perAddress: 3 });
  guard.addressFailed(bringer);
  guard.callFailed(bringer);
  expect(guard.blockedSender(bringer)).toBeUndefined();
  guard.callFailed(bringer);
  expect(guard.blockedSender(bringer)).toMatchObject({ status: 429 });
  guard.forgiveCalls();
  expect(guard.blockedSender(bringer)).toBeUndefined();
  guard.addressFailed(bringer);
  expect(guard.blockedSender(bringer)).toBeUndefined();
  guard.addressFailed(bringer);
  expect(guard.blockedSender(bringer)).toMatchObject({ status: 429 });
  guard.forgiveCalls();
  expect(guard.blockedSender(bringer)).toMatchObject({ status: 429 });
});
