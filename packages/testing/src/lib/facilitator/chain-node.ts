import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Charge } from "./chain.js";

/** Events of tokens with EIP-3009, and what their `authorizationState` is called. */
const MOVED = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
const USED = "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5";
const CANCELED = "0x1cdd46ff242716cdaa72d159d339a485b3438398348d68f09d7c8c0a59353d81";
const HEAD = 1_000;
/** The block that everything is in: deep enough for every caller. */
const BLOCK = 900;

const hex = (number: number) => `0x${number.toString(16)}`;
const word = (value: string) => `0x${value.replace(/^0x/, "").toLowerCase().padStart(64, "0")}`;

/** A node of base-sepolia, asked by JSON-RPC. */
export interface ChainNode extends AsyncDisposable {
  readonly url: string;
  /** What was asked, in its order. */
  readonly asked: readonly string[];
  /** Uses up a nonce of a payer's without moving any money, as `cancelAuthorization` does. */
  cancel(payer: string, nonce: string, asset: string): void;
}

/** Serves the charges of a chain as a node does. */
export async function startChainNode(charges: () => readonly Charge[]): Promise<ChainNode> {
  const asked: string[] = [];
  const cancelled: { readonly payer: string; readonly nonce: string; readonly asset: string }[] = [];

  const logs = () => [
    ...charges().flatMap(({ asset, payer, payTo, amount, nonce, transaction }) => [
      logOf(asset, transaction, [USED, word(payer), nonce.toLowerCase()]),
      logOf(asset, transaction, [MOVED, word(payer), word(payTo)], word(BigInt(amount).toString(16))),
    ]),
    ...cancelled.map(({ payer, nonce, asset }, at) =>
      logOf(asset, word(hex(at + 1)), [CANCELED, word(payer), nonce.toLowerCase()]),
    ),
  ];
  const answers: Readonly<Record<string, (...params: never[]) => unknown>> = {
    eth_chainId: () => hex(84_532),
    eth_getBlockByNumber: (tag: string) => blockOf(tag),
    eth_call: ({ data }: { readonly data: string }) =>
      word(logs().some(({ topics }) => topics[0] !== MOVED && data.endsWith(topics[2]?.slice(2) ?? "-")) ? "1" : "0"),
    eth_getLogs: ({ topics }: { readonly topics: readonly unknown[] }) =>
      logs().filter((log) => log.topics[0] !== MOVED && log.topics[2] === topics[2]),
    eth_getTransactionReceipt: (hash: string) => {
      const own = logs().filter(({ transactionHash }) => transactionHash === hash);
      return own.length === 0 ? null : { status: "0x1", blockNumber: hex(BLOCK), blockHash: hashOf(BLOCK), logs: own };
    },
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString()) as {
      readonly id: number;
      readonly method: string;
      readonly params: never[];
    };
    asked.push(method);
    const result = answers[method]?.(...params) ?? null;
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, result }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    cancel: (payer, nonce, asset) => void cancelled.push({ payer, nonce, asset }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function logOf(address: string, transaction: string, topics: readonly string[], data = "0x") {
  return {
    address,
    topics,
    data,
    transactionHash: transaction.toLowerCase(),
    blockHash: hashOf(BLOCK),
    removed: false,
  };
}

const hashOf = (number: number) => word(hex(number));

/** Two seconds apart, the newest one now. */
function blockOf(tag: string) {
  const number = tag.startsWith("0x") ? Number(tag) : HEAD;
  const time = Math.floor(Date.now() / 1000) - 2 * (HEAD - number);
  return { number: hex(number), hash: hashOf(number), timestamp: hex(time) };
}
