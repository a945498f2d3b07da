import { inspect } from "node:util";
import { type Facilitator, FacilitatorError } from "@turnpike/core";
import { type Chain, startChain } from "@turnpike/e2e-chain";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LocalFacilitatorOptions, localFacilitator } from "../src/index.js";
import { createPayment, now, type PaymentChanges } from "./support/payments.js";
import { findDeadEnd, startUnreliableNode } from "./support/unreliable-node.js";

let chain: Chain;
let _facilitator: Facilitator;
const open = (options?: Partial<LocalFacilitatorOptions>) => {
  const { privateKey } = chain.accounts.facilitator;
  return localFacilitator({ rpcUrl: chain.rpcUrl, privateKey, network: chain.network, ...options });
};
beforeAll(async () => {
  chain = await startChain();
  _facilitator = open();
});
afterAll(() => chain.stop());

const pay = (changes?: PaymentChanges) => createPayment(chain, changes);

describe("the chain's node", () => {
  test("is not needed to tell what is supported when the network is configured", async () => {
    const { address } = chain.accounts.facilitator;
    const unreachable = open({ rpcUrl: await findDeadEnd() });
    expect(await unreachable.supported()).toEqual({
      kinds: [{ x402Version: 2, scheme: "exact", network: "eip155:84532" }],
      extensions: [],
      signers: { "eip155:*": [address] },
    });
  });

  test("tells the network when none is configured", async () => {
    const { rpcUrl, accounts } = chain;
    const asking = localFacilitator({ rpcUrl, privateKey: accounts.facilitator.privateKey });
    expect((await asking.supported()).kinds).toEqual([{ x402Version: 2, scheme: "exact", network: chain.network }]);
    expect(await asking.verify(await pay())).toMatchObject({ isValid: true });
  });

  test("of another network than the configured one is an error, not a refusal", async () => {
    const mistaken = open({ network: "eip155:8453" });
    const request = await createPayment({ ...chain, network: "eip155:8453" as Chain["network"], chainId: 8453 });
    await expect(mistaken.verify(request)).rejects.toMatchObject({ code: "facilitator_unsupported", sent: false });
    await expect(mistaken.settle(request)).rejects.toMatchObject({ code: "facilitator_unsupported", sent: false });
  });

  test("that is down makes verify and settle reject with nothing sent, and is asked again at the next call", async () => {
    const down = open({ rpcUrl: await findDeadEnd() });
    const failure = { name: "FacilitatorError", code: "facilitator_unreachable", sent: false };
    await expect(down.verify(await pay())).rejects.toMatchObject(failure);
    await expect(down.settle(await pay())).rejects.toMatchObject(failure);
    await using node = await startUnreliableNode(chain.rpcUrl);
    const recovering = open({ rpcUrl: node.rpcUrl });
    const request = await pay();
    node.treat = () => ({ status: 500 });
    await expect(recovering.verify(request)).rejects.toMatchObject({ code: "facilitator_status", status: 500 });
    node.treat = () => "forward";
    expect(await recovering.verify(request)).toMatchObject({ isValid: true });
  });

  test("that fails once is asked once more", async () => {
    await using node = await startUnreliableNode(chain.rpcUrl);
    const failed = new Set<string>();
    node.treat = (method) => {
      if (failed.has(method)) return "forward";
      failed.add(method);
      return method === "eth_call" ? "swallow" : { status: 503 };
    };
    expect(await open({ rpcUrl: node.rpcUrl }).verify(await pay())).toMatchObject({ isValid: true });
  });

  test("is not needed to refuse what is wrong by itself", async () => {
    const down = open({ rpcUrl: await findDeadEnd() });
    const wrong: PaymentChanges[] = [
      { authorization: { to: chain.accounts.stranger.address } },
      { authorization: { value: "1" } },
      { authorization: { validBefore: String(now()) } },
      { authorization: { validAfter: String(now() + 60) } },
      { requirements: { network: "eip155:1" } },
    ];
    for (const changes of wrong) expect(await down.verify(await pay(changes))).toMatchObject({ isValid: false });
  });

  test("that never answers makes verify reject in time", async () => {
    await using node = await startUnreliableNode(chain.rpcUrl);
    node.treat = () => "stall";
    const patient = open({ rpcUrl: node.rpcUrl, rpcTimeout: 100 });
    await expect(patient.verify(await pay())).rejects.toMatchObject({ code: "facilitator_timeout", sent: false });
    const signal = AbortSignal.timeout(100);
    const hurried = open({ rpcUrl: node.rpcUrl });
    await expect(hurried.verify(await pay(), { signal })).rejects.toMatchObject({ code: "facilitator_timeout" });
  });

  test.each<[string, { result?: unknown }]>([
    ["an object", { result: {} }],
    ["a text", { result: "eight" }],
    ["nothing", {}],
  ])("that answers %s instead of what was asked is an error, not a refusal", async (_, answer) => {
    await using node = await startUnreliableNode(chain.rpcUrl);
    node.treat = (method) => (method === "eth_chainId" ? { answer } : "forward");
    await expect(open({ rpcUrl: node.rpcUrl }).verify(await pay())).rejects.toBeInstanceOf(FacilitatorError);
  });

  test("leaves no trace of its address in errors, because many providers put a key there", async () => {
    await using node = await startUnreliableNode(chain.rpcUrl);
    const telling = { answer: { error: { code: -32000, message: node.rpcUrl } } };
    for (const treatment of ["swallow", { status: 401 }, telling] as const) {
      node.treat = () => treatment;
      const error = await open({ rpcUrl: node.rpcUrl })
        .verify(await pay())
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(FacilitatorError);
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("secret-key");
    }
  });
});
