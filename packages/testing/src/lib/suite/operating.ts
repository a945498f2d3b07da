import { createPaywall, type Paywall, type Store } from "@turnpike/core";
import { type Shop, seller } from "./shop.js";

export const NOTE = "Bank transfer of 28 November";

/** An engine of the operator's, on the records of a shop. */
export const operatorOf = ({ facilitator, store }: Pick<Shop, "facilitator" | "store">): Paywall =>
  createPaywall({
    ...{ payTo: seller, network: "base-sepolia", facilitator: facilitator.url },
    ...{ reconcileSeconds: 0, store },
  });

/** Refunds by hand every record that the engine lets: their ids. */
export async function refundAll(operator: Paywall, store: Store): Promise<readonly string[]> {
  const refunded: string[] = [];
  for (const { record } of await store.list({ order: "newest", limit: 1_000 })) {
    const done = await operator.resolve(record.id, "refunded", { note: NOTE }).then(
      () => true,
      () => false,
    );
    if (done) refunded.push(record.id);
  }
  return refunded;
}

/** A gate: what passes waits until it opens. */
export function gate() {
  let [open, reach] = [() => {}, () => {}];
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const pass = async () => {
    reach();
    await opened;
  };
  /** `reached`: something waits at it. */
  return { open: () => open(), reached, pass };
}
