import { StoreError } from "../errors.js";
import { LONGEST_WINDOW, type PaymentRecord, publicRecord, type StoredPayment } from "../ledger/record.js";
import { findScheme } from "../schemes/schemes.js";
import { askWhoPaid } from "./ask-chain.js";
import { walk } from "./books.js";
import type { Engine } from "./engine.js";
import { nameOf } from "./one-record.js";
import { digest } from "./proof.js";
import { successReceipt } from "./receipt.js";
import { present } from "./reconcile.js";
import { oweLater } from "./record-settled.js";

/** Milliseconds for which a payment can be valid, and so can have been charged before this record's first request. */
const EARLIER = LONGEST_WINDOW * 1000;

/** What an operator says of a payment. */
export interface ByHand {
  /** The transaction that settled it. */
  readonly transaction?: string;
  /** Neither the chain nor other records are asked. @default false */
  readonly force?: boolean;
}

/**
 * What an operator has found out about a payment whose outcome is unknown.
 * @returns the record, or `undefined` if there is none that is unknown
 */
export async function resolveByHand(
  engine: Engine,
  id: string,
  state: "settled" | "failed",
  { transaction, force = false }: ByHand,
): Promise<PaymentRecord | undefined> {
  const { ledger } = engine;
  const found = await ledger.read(id);
  if (found?.busy !== false || found.record.state !== "unknown") return undefined;
  const { scheme, network } = found.record.offer;
  const known = transaction ?? found.record.transaction ?? "";
  const rules = findScheme(engine.schemes, scheme, network);
  if (!rules || ((state === "settled" || transaction !== undefined) && !rules.isTransaction(known))) {
    const message = known
      ? `This is not the id of a transaction on ${network}`
      : `A settled payment needs its transaction on ${network}`;
    throw new StoreError("invalid_transaction", message);
  }
  if (state === "settled" && !force) await confirm(engine, found.record, known);
  const settling = await ledger.advance(found.record, "settling");
  if (state === "failed") return publicRecord(await ledger.advance(settling, "failed", { reason: "resolved_by_hand" }));
  const { payer, offer } = settling;
  const receipt = successReceipt(rules, { transaction: known, network: offer.network, ...(payer ? { payer } : {}) });
  const change = { receipt, reason: "resolved_by_hand", transaction: known };
  return publicRecord(await oweLater(engine, await ledger.advance(settling, "settled", change), receipt));
}

/**
 * Rejects where the chain shows that another transaction paid, or none. Where it cannot tell, no other payment on record may
 * have been settled by this one: one transaction can settle several, but only the chain tells that from a mistake. A payment is
 * charged once, so no other record of the same name may be a sale, whatever the chain shows: two may differ in the signature.
 */
async function confirm(engine: Engine, record: StoredPayment, transaction: string): Promise<void> {
  const presented = await present(engine, record);
  const asked = { ...record, transaction };
  const finding = presented && (await askWhoPaid(engine, presented, asked, { doubt: true, verified: false }));
  if (finding) {
    if (finding.type !== "settled" || !sameTransaction(finding.transaction, transaction)) {
      throw new StoreError(
        "transaction_contradicted",
        "The chain does not show that this transaction settled the payment",
      );
    }
  }
  // Two records of one payment may be resolved at once, before either is a sale.
  const first = () => engine.ledger.link(digest(`sale ${nameOf(record)}`), record.id);
  const sale = await findSale(engine, record, finding ? undefined : transaction);
  const other = sale ?? (await first());
  if (other === record.id) return;
  throw new StoreError("transaction_taken", `This transaction or payment already belongs to ${other}`);
}

/** The id of another sale of the same payment, or of one that this transaction settled. */
async function findSale(
  engine: Engine,
  record: StoredPayment,
  transaction: string | undefined,
): Promise<string | undefined> {
  const name = nameOf(record);
  for await (const other of walk(engine, "charged", { from: record.createdAt - EARLIER })) {
    const { id, receipt, offer } = other;
    if (id === record.id || offer.network !== record.offer.network) continue;
    if (nameOf(other) === name) return id;
    if (transaction && sameTransaction(receipt?.transaction ?? other.transaction ?? "", transaction)) return id;
  }
  return undefined;
}

/** Hexadecimal ids are the same in either case; others never differ in case alone. */
export function sameTransaction(one: string, other: string): boolean {
  return one === other || (one.startsWith("0x") && one.toLowerCase() === other.toLowerCase());
}
