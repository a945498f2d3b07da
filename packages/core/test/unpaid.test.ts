import { afterEach, beforeEach, expect, it } from "vitest";
import { memoryStore } from "../src/lib/ledger/memory.js";
import { paymentIdentifier } from "../src/lib/paywall/payment-identifier.js";
import { createPaywall } from "../src/lib/paywall/paywall.js";
import { answer, held, type Service, serves, startService, stopServices } from "./facilitators.js";
import { ask, forger, requestOf } from "./forger.js";

const base = {
  payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
  network: "base-sepolia",
  reconcileSeconds: 0,
} as const;
const refused = answer(200, { isValid: false, invalidReason: "invalid_exact_evm_payload_signature" });
/** Milliseconds that a busy machine may take. */
const PATIENT = { timeout: 15_000 };

let service: Service;

beforeEach(async () => {
  service = await startService(serves(["eip155:84532"]));
});
afterEach(stopServices);

it("G33 asks about no more payments of one address at once than failures of it are borne", async () => {
  const tolls = createPaywall({ ...base, facilitator: service.facilitator, limits: { perAddress: 20 } });
  const route = tolls.price<object>("$0.01");
  const forge = await forger(route);
  const gate = held();
  service.answers.verify = gate.answer;
  const asked = Promise.all(Array.from({ length: 100 }, () => ask(route, requestOf(forge()))));
  await expect.poll(() => gate.waiting.length, PATIENT).toBe(20);
  const other = ask(route, requestOf(forge(), "198.51.100.1"));
  await expect.poll(() => gate.waiting.length, PATIENT).toBe(21);
  service.answers.verify = refused;
  gate.release(refused);
  const statuses = (await asked).map(({ status }) => status);
  expect(statuses.filter((status) => status === 402)).toHaveLength(20);
  expect(statuses.filter((status) => status === 429)).toHaveLength(80);
  expect((await other).status).toBe(402);
  expect(service.calls.verify).toBe(21);
});

it("G33 lets all of an address through that are good, though they are more than failures are borne", async () => {
  const tolls = createPaywall({ ...base, facilitator: service.facilitator, limits: { perAddress: 5 } });
  const route = tolls.price<object>("$0.01");
  const forge = await forger(route);
  const asked = await Promise.all(Array.from({ length: 40 }, () => ask(route, requestOf(forge()))));
  expect(asked.map(({ status }) => status)).toEqual(Array(40).fill(200));
});

it("G35 gives the name of a forgery free as soon as it is refused", async () => {
  const keys: string[] = [];
  const memory = memoryStore();
  const link: typeof memory.link = (key, ...rest) => {
    keys.push(key);
    return memory.link(key, ...rest);
  };
  const store = { ...memory, link };
  const tolls = createPaywall({ ...base, facilitator: service.facilitator, store });
  const route = tolls.price<object>({ price: "$0.01", settle: "before", extensions: [paymentIdentifier()] });
  const forge = await forger(route);
  service.answers.settle = answer(200, {
    success: false,
    errorReason: "invalid_exact_evm_payload_signature",
    transaction: "",
    network: "eip155:84532",
  });
  const extensions = { "payment-identifier": { info: { required: false, id: "pay_0123456789abcdef" } } };
  const forged = await ask(route, requestOf(forge(undefined, extensions)));
  expect(forged.status).toBe(402);
  const [key = ""] = keys;
  expect(key).not.toBe("");
  expect(await memory.linked(key)).toBeUndefined();
});

it("G34 warns once of a proxy that the app was not told of, also of requests that bring no payment", async () => {
  const codes: unknown[] = [];
  const messages: string[] = [];
  const warn = (message: string, facts?: Readonly<Record<string, unknown>>) => {
    messages.push(message);
    codes.push(facts?.code);
  };
  const logger = { info: () => {}, warn, error: () => {} };
  const tolls = createPaywall({ ...base, facilitator: service.facilitator, logger });
  const route = tolls.price<object>("$0.01");
  const behind = { "x-forwarded-for": "203.0.113.7" };
  await tolls.health();
  for (let i = 0; i < 3; i++) expect((await ask(route, requestOf(behind, "127.0.0.1"))).status).toBe(402);
  const forge = await forger(route);
  await ask(route, requestOf({ ...behind, ...forge() }, "127.0.0.1"));
  expect(codes.filter((code) => code === "TURNPIKE_PROXY")).toHaveLength(1);
  const [said = ""] = messages.filter((_, i) => codes[i] === "TURNPIKE_PROXY");
  expect(said).toContain("trust proxy");
  expect(said).toContain("`origin`");
});

it("G34 says it as a warning of the process where there is no logger", async () => {
  const codes: unknown[] = [];
  const listen = (warning: Error) => void codes.push((warning as { code?: unknown }).code);
  process.on("warning", listen);
  try {
    const tolls = createPaywall({ ...base, facilitator: service.facilitator });
    const route = tolls.price<object>("$0.01");
    await ask(route, requestOf({ forwarded: "for=203.0.113.7" }, "::ffff:10.0.0.1"));
    await expect.poll(() => codes, PATIENT).toContain("TURNPIKE_PROXY");
  } finally {
    process.off("warning", listen);
  }
});

it("G36 lifts the limits on runs with all others", async () => {
  const tolls = createPaywall({ ...base, facilitator: service.facilitator, limits: false });
  const route = tolls.price<object>("$0.01");
  const headers = (await forger(route))();
  for (let i = 0; i < 12; i++) {
    const decision = await route.admit(requestOf(headers));
    if (decision.type !== "admit") throw new Error(`Run ${i + 1} was refused.`);
    await decision.ticket.conclude({ status: 500, aborted: false, whole: true, headers: () => [] });
    await decision.ticket.delivered(true);
  }
});
