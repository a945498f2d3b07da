import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";
import type { ChainPayment, ChainReader } from "@turnpike/core";
import type { JsonObject, PaymentPayload, SupportedKind, SupportedResponse } from "@turnpike/core/protocol";
import type { Behaviour, Call, Operation, RecordedCall } from "./behaviour.js";
import { type ChainOptions, type Charge, createChain } from "./chain.js";
import { ok } from "./faults.js";

export interface FacilitatorOptions extends ChainOptions {
  /** Port on 127.0.0.1. @default a free one */
  readonly port?: number;
  /** Path ahead of `/verify`, `/settle` and `/supported`. @default "" */
  readonly path?: string;
  /** @default `exact` on the EVM networks that Turnpike knows by name */
  readonly kinds?: readonly SupportedKind[];
}

/** A facilitator over HTTP that behaves correctly unless configured otherwise, and records everything. */
export interface TestFacilitator extends AsyncDisposable {
  /** Base URL, for a paywall's `facilitator`. */
  readonly url: string;
  /** Calls so far, oldest first. */
  readonly calls: readonly RecordedCall[];
  readonly verifies: number;
  readonly settles: number;
  readonly supporteds: number;
  /** Transfers on the chain, whatever the facilitator responded. */
  readonly charges: readonly Charge[];
  /**
   * Looks up a payment on its chain: for `chain` of a configuration. Always correct. Other processes use `POST /chain`,
   * with the payment as its body and the finding as its response.
   */
  readonly chain: ChainReader;
  /** The payer uses up the nonce of a payment without paying, as any payer can for a little gas. */
  cancel(payload: PaymentPayload): void;
  /** Behaviours for the next calls of this kind, one call each. */
  respond(operation: Operation, ...behaviours: Behaviour[]): void;
  /** The behaviour of every call without a queued one; `undefined` restores the default. */
  always(operation: Operation, behaviour?: Behaviour): void;
  setSupported(kinds: readonly SupportedKind[], extensions?: string[], signers?: Record<string, string[]>): void;
  /** Stops listening and cuts every connection: new connections are refused. */
  refuse(): Promise<void>;
  /** Listens again, on the same port. */
  accept(): Promise<void>;
  /** Closes every connection and stops. */
  close(): Promise<void>;
}

const chainIds = [8453, 84532, 1, 11155111, 137, 42161, 10, 43114, 43113];
const evmKinds: SupportedKind[] = chainIds.map((id) => ({ x402Version: 2, scheme: "exact", network: `eip155:${id}` }));

/**
 * Starts a facilitator on 127.0.0.1 with an in-memory chain where every payer has money. It makes no external calls.
 * @throws the server's own error, such as `EADDRINUSE`, if it cannot listen on `port`
 * @example
 * const facilitator = await startFacilitator();
 * const tolls = createPaywall({ payTo, network: "base-sepolia", facilitator: facilitator.url });
 */
export async function startFacilitator(options: FacilitatorOptions = {}): Promise<TestFacilitator> {
  const chain = createChain(
    options,
    (options.kinds ?? evmKinds).map(({ network }) => network),
  );
  const calls: RecordedCall[] = [];
  const queues: Record<Operation, Behaviour[]> = { verify: [], settle: [], supported: [] };
  const standing: Partial<Record<Operation, Behaviour>> = {};
  const sockets = new Set<Socket>();
  let supported: SupportedResponse = { kinds: [...(options.kinds ?? evmKinds)], extensions: [], signers: {} };
  const prefix = options.path ?? "";

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "POST" && request.url === `${prefix}/chain`) {
      const finding = await chain.reader.find(JSON.parse(await text(request)) as ChainPayment, "included");
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(finding));
      return;
    }
    const operation = operationOf(request, prefix);
    if (!operation) {
      response.writeHead(404, { "content-type": "text/plain" }).end("not found");
      return;
    }
    const body = parse(await text(request));
    const recorded: RecordedCall = { operation, body, headers: request.headers };
    calls.push(recorded);
    let answer: Promise<JsonObject> | undefined;
    const call: Call = {
      ...recorded,
      request,
      response,
      act: () => {
        answer ??= honest(operation, body);
        return answer;
      },
      broadcast: async () => ({ ...(await chain.broadcast(body)) }),
    };
    const behave = queues[operation].shift() ?? standing[operation] ?? ok();
    await behave(call);
  }

  async function honest(operation: Operation, body: unknown): Promise<JsonObject> {
    if (operation === "supported") return { ...supported };
    return { ...(operation === "verify" ? await chain.verify(body) : await chain.settle(body)) };
  }

  const server = createServer((request, response) => {
    response.on("error", () => {});
    handle(request, response).catch(() => request.socket.destroy());
  });
  server.keepAliveTimeout = 60_000;
  server.on("connection", (socket) => {
    sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
  });
  const port = await listen(server, options.port ?? 0);

  async function refuse(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  const count = (operation: Operation): number => calls.filter((call) => call.operation === operation).length;
  return {
    url: `http://127.0.0.1:${port}${prefix}`,
    calls,
    charges: chain.charges,
    chain: chain.reader,
    cancel: chain.cancel,
    get verifies() {
      return count("verify");
    },
    get settles() {
      return count("settle");
    },
    get supporteds() {
      return count("supported");
    },
    respond(operation, ...behaviours) {
      queues[operation].push(...behaviours);
    },
    always(operation, behaviour = ok()) {
      standing[operation] = behaviour;
    },
    setSupported(kinds, extensions = [], signers = {}) {
      supported = { kinds: [...kinds], extensions, signers };
    },
    refuse,
    async accept() {
      if (!server.listening) await listen(server, port);
    },
    close: refuse,
    [Symbol.asyncDispose]: refuse,
  };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

function operationOf(request: IncomingMessage, prefix: string): Operation | undefined {
  if (request.method === "POST" && request.url === `${prefix}/verify`) return "verify";
  if (request.method === "POST" && request.url === `${prefix}/settle`) return "settle";
  if (request.method === "GET" && request.url === `${prefix}/supported`) return "supported";
  return undefined;
}

function parse(body: string): unknown {
  try {
    return body === "" ? undefined : JSON.parse(body);
  } catch {
    return body;
  }
}
