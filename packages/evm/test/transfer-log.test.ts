import { movedMoney } from "@turnpike/core/chain";
import { encodeAbiParameters, encodeEventTopics, type Hex } from "viem";
import { expect, test } from "vitest";
import { tokenAbi } from "../src/lib/abi.js";
import type { Transfer } from "../src/lib/transfer.js";

const address = (digit: string): Hex => `0x${digit.repeat(40)}`;
const [token, from, to, other] = [address("a"), address("1"), address("2"), address("3")] as const;
const transfer = { token, from, to, value: 5n } as Transfer;

function log({
  token: emitter,
  from: sender,
  to: recipient,
  value,
}: Pick<Transfer, "token" | "from" | "to" | "value">) {
  const topics = encodeEventTopics({ abi: tokenAbi, eventName: "Transfer", args: { from: sender, to: recipient } });
  return { address: emitter, topics, data: encodeAbiParameters([{ type: "uint256" }], [value]) };
}
const receipt = (...logs: object[]) => ({ succeeded: true, block: 1n, logs });

test("a receipt proves a transfer by a log of the token over exactly it, among whatever other logs", () => {
  const noise = { address: token, topics: [`0x${"7".repeat(64)}`], data: "0x" };
  expect(movedMoney(receipt(noise, log({ ...transfer, value: 1n }), log(transfer)), transfer)).toBe(true);
});

test.each<[string, Partial<Transfer>]>([
  ["another token", { token: other }],
  ["another payer", { from: other }],
  ["another recipient", { to: other }],
  ["less", { value: 4n }],
  ["more", { value: 6n }],
])("a log of %s proves nothing", (_, change) => {
  expect(movedMoney(receipt(log({ ...transfer, ...change })), transfer)).toBe(false);
});

test("no log, and one without a value, prove nothing", () => {
  expect(movedMoney(receipt(), transfer)).toBe(false);
  expect(movedMoney(receipt({ ...log(transfer), data: "0x" }), transfer)).toBe(false);
});
