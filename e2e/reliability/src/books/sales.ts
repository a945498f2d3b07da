import type { StoredPayment } from "@turnpike/core";

const DAY = 24 * 3_600_000;
const ROUTES = 50;
const PAYERS = 10_000;
/** Of so many sales one is by this payer. */
const RARELY = 1_000;
export const RARE_PAYER = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF";
/** Atomic units of each sale. */
export const AMOUNT = 10_000n;

const hex = (number: number, digits: number) => number.toString(16).padStart(digits, "0");

/** Sale `i` of so many, spread over 399 days until `now`, as the engine leaves it: delivered, sometimes owed or refunded. */
export function saleOf(i: number, count: number, now: number): StoredPayment {
  const chargedAt = Math.floor(now - 399 * DAY + (i * 399 * DAY) / count);
  const payer = i % RARELY === 0 ? RARE_PAYER : `0x${hex((i * 7_919) % PAYERS, 8).repeat(5)}`;
  const asset = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
  const transaction = `0x${hex(i, 16).repeat(4)}`;
  const network = "eip155:84532";
  const createdAt = chargedAt - 900;
  const state = i % 200 === 0 ? "owed" : i % 100 === 1 ? "refunded" : "delivered";
  return {
    id: `x402:${network}:${asset.toLowerCase()}:${payer.toLowerCase()}:0x${hex(i, 64)}`,
    version: 4,
    state,
    route: `GET /reports/${i % ROUTES}/:id`,
    request: `GET /reports/${i % ROUTES}/${i}`,
    offer: {
      scheme: "exact",
      network,
      amount: String(AMOUNT),
      asset,
      payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
      maxTimeoutSeconds: 60,
      extra: { name: "USDC", version: "2" },
    },
    payer,
    facilitator: "https://x402.org/facilitator",
    proof: hex(i, 64),
    transaction,
    receipt: { success: true, payer, transaction, network, amount: String(AMOUNT) },
    chargedAt,
    ...(state === "refunded" ? { refund: { note: "returned by hand" } } : {}),
    told: true,
    kept: true,
    validBefore: Math.floor(chargedAt / 1000) + 60,
    runs: 1,
    createdAt,
    updatedAt: chargedAt + 40,
    times: { running: createdAt, settling: createdAt + 300, settled: chargedAt, [state]: chargedAt + 40 },
    holder: hex(i, 32),
    ...(state === "owed" ? {} : { expiresAt: chargedAt + 400 * DAY }),
  };
}
