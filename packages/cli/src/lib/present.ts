import type { PaymentRecord, Reconciliation } from "@turnpike/core";
import { plain } from "./text.js";

export function reconciliationText(found: Reconciliation): string {
  const { examined, settled, failed, released, owed, open } = found;
  const lines = [
    `Checked ${examined}: ${settled} charged, ${failed} not charged, ${released} released, ${owed} owed to their buyers.`,
    open === 0 ? "Nothing is in doubt." : `${open} still unknown: turnpike payments --state unknown`,
  ];
  return `${lines.join("\n")}\n`;
}

export function resolvedText({ id, state }: PaymentRecord): string {
  return plain(`${id} is ${state}.`).concat("\n");
}
