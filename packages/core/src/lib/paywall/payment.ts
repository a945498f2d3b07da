import type { SettlementResponse } from "../protocol/types.js";
import type { Payment } from "../seam.js";
import type { Presented } from "./engine.js";

/** A payment as the handler sees it. */
export function describePayment(
  { requirements }: Presented,
  payer: string | undefined,
  signal: AbortSignal,
  receipt: () => SettlementResponse | undefined,
): Payment {
  const { amount, asset, network, scheme } = requirements;
  const payment = {
    get payer() {
      return payer ?? receipt()?.payer ?? "";
    },
    amount,
    asset,
    network,
    scheme,
    get receipt() {
      return receipt();
    },
  };
  // Handlers often return the payment as it is, and a signal has no place in a response.
  return Object.defineProperty(payment, "signal", { value: signal }) as Payment;
}
