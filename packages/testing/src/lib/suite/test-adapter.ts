import { describe } from "vitest";
import { openCasebook } from "./casebook.js";
import { testAnswerHeaders, testPrices } from "./cases/answers.js";
import { testBackground } from "./cases/background.js";
import { testBasePath } from "./cases/base-path.js";
import { testBlame } from "./cases/blame.js";
import { testBound } from "./cases/bound.js";
import { testBuyers } from "./cases/buyers.js";
import { testBypasses, testOptions } from "./cases/bypasses.js";
import { testBytes } from "./cases/bytes.js";
import { testChainNodes } from "./cases/chain-nodes.js";
import { testChallenge, testResource } from "./cases/challenge.js";
import { testCollection } from "./cases/collection.js";
import { testConfig } from "./cases/config.js";
import { testDepartures } from "./cases/departures.js";
import { testDetached } from "./cases/detached.js";
import { testFailover } from "./cases/failover.js";
import { testMisuse, testRightApps, testSections } from "./cases/gates.js";
import { testGuards } from "./cases/guards.js";
import { testLateStore } from "./cases/late-store.js";
import { testLifecycle } from "./cases/lifecycle.js";
import { testLinearTime } from "./cases/linear.js";
import { testMempool } from "./cases/mempool.js";
import { testMounts } from "./cases/mounts.js";
import { testOffers } from "./cases/offers.js";
import { testOneCharge } from "./cases/one-charge.js";
import { testOneRecord } from "./cases/one-record.js";
import { testOutcomes } from "./cases/outcomes.js";
import { testOwnPaths } from "./cases/own-paths.js";
import { testPaidAlready } from "./cases/paid-already.js";
import { testPaths, testVerbs } from "./cases/paths.js";
import { testPaymentHeader } from "./cases/payment-header.js";
import { testProofOfPayment } from "./cases/proof-of-payment.js";
import { testRedelivery } from "./cases/redelivery.js";
import { testRefunds } from "./cases/refunds.js";
import { testReplay } from "./cases/replay.js";
import { testRouteNames } from "./cases/route-names.js";
import { testSameRequest } from "./cases/same-request.js";
import { testSellerErrors } from "./cases/seller-errors.js";
import { testLaterSettings } from "./cases/settings-later.js";
import { testSettleFaults } from "./cases/settle-faults.js";
import { testCachesAndOrigins } from "./cases/shared-caches.js";
import { testSloppyFacilitators } from "./cases/sloppy-facilitators.js";
import { testSpelling } from "./cases/spelling.js";
import { testStoreFaults } from "./cases/store-faults.js";
import { testUnpaid } from "./cases/unpaid.js";
import { testUpfront } from "./cases/upfront.js";
import { testVerifyFaults } from "./cases/verify-faults.js";
import type { Harness } from "./harness.js";

/**
 * Declares the contract of an adapter as Vitest cases: real servers, a real client and a facilitator with faults. Ids
 * are those of Turnpike's test catalogue (P, C, R, F, D, H, M), `W` for a row of x402's conformance list, `A` for a
 * requirement of adapters.
 */
export function testAdapter(harness: Harness): void {
  const book = openCasebook(harness);
  const themes: Record<string, (typeof testPaths)[]> = {
    "paths and verbs": [testPaths, testVerbs, testMounts, testOwnPaths],
    "where the gate stands": [testMisuse, testRightApps, testSections, testBypasses, testOptions],
    "the unpaid answer": [testChallenge, testResource, testBasePath],
    "the payment header": [testPaymentHeader, testOffers],
    "one payment, one sale": [
      testReplay,
      testMempool,
      testRedelivery,
      testCollection,
      testBound,
      testBuyers,
      testSameRequest,
      testSpelling,
    ],
    "a payment's life": [testLifecycle, testUpfront, testBackground, testDepartures, testDetached],
    "facilitator faults": [testVerifyFaults, testSettleFaults, testOutcomes, testFailover, testSloppyFacilitators],
    "the books": [testRefunds, testOneRecord, testOneCharge],
    "errors of the seller's own": [testSellerErrors],
    "proof of payment": [testProofOfPayment, testPaidAlready, testChainNodes],
    "store faults": [testStoreFaults, testLateStore],
    guards: [testGuards],
    "what nobody has paid for": [testUnpaid, testBlame, testLinearTime],
    "the paid answer": [testAnswerHeaders, testBytes, testCachesAndOrigins],
    prices: [testPrices],
    "names of routes": [testRouteNames],
    configuration: [testConfig, testLaterSettings],
  };
  describe(`${harness.name} as an adapter`, () => {
    for (const [theme, tests] of Object.entries(themes)) {
      describe(theme, () => {
        for (const test of tests) test(book);
      });
    }
    describe("exceptions", book.close);
  });
}
