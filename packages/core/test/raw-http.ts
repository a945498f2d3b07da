import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { serve } from "../src/lib/node/serve.js";
import type { Conclusion, Outcome, Payment, PaywallRequest, Ticket } from "../src/lib/seam.js";

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const servers = new Set<Server>();

/** A listening server on this machine; `stopServers` ends them all. */
export async function listen(handler: Handler): Promise<number> {
  const server = createServer(handler);
  servers.add(server);
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return (server.address() as AddressInfo).port;
}

export async function stopServers(): Promise<void> {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
  servers.clear();
}

/** A ticket that a test holds: settles after a turn of the event loop unless told otherwise, and notes what it is told. */
export class HandTicket implements Ticket {
  /** One that has not settled; without a payment there is nothing to settle. */
  payment?: Payment = { receipt: undefined } as unknown as Payment;
  hold = 1024 * 1024;
  keep = 1024 * 1024;
  idle = 10_000;
  readonly controller = new AbortController();
  readonly outcomes: Outcome[] = [];
  readonly deliveries: boolean[] = [];
  readonly delivered_: Promise<boolean>;
  #deliver: (whole: boolean) => void = () => {};
  decide: (outcome: Outcome) => Conclusion | Promise<Conclusion> = () => released;

  constructor(options: Partial<Pick<HandTicket, "hold" | "keep" | "idle" | "decide">> = {}) {
    Object.assign(this, options);
    this.delivered_ = new Promise((resolve) => {
      this.#deliver = resolve;
    });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  async conclude(outcome: Outcome): Promise<Conclusion> {
    this.outcomes.push(outcome);
    await new Promise(setImmediate);
    return this.decide(outcome);
  }

  async delivered(whole: boolean): Promise<void> {
    this.deliveries.push(whole);
    this.#deliver(whole);
  }
}

export const released: Conclusion = { type: "release", remove: [], set: [["X-Receipt", "1"]] };

export const refused: Conclusion = {
  type: "replace",
  reply: { status: 402, headers: [["Content-Type", "application/problem+json"]], body: '{"code":"refused"}' },
};

/** The handler behind a route that admits every request on the given ticket. */
export function protect(ticket: Ticket, handler: Handler): Handler {
  const route = { admit: () => ({ type: "admit", ticket }) as const };
  return (message, response) => {
    serve(route, {} as PaywallRequest, {
      message,
      response,
      run: () => handler(message, response),
      fail: (error) => response.destroy(error as Error),
    });
  };
}

export function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    socket.once("error", reject);
  });
}

/** All that a server sends back on one connection, byte for byte, as latin1. */
export async function exchange(port: number, request: string): Promise<string> {
  const socket = await open(port);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(request, "latin1");
  await closed;
  return Buffer.concat(chunks).toString("latin1");
}

export function get(path = "/", { method = "GET", version = "1.1", headers = "" } = {}): string {
  return `${method} ${path} HTTP/${version}\r\nHost: shop.test\r\nConnection: close\r\n${headers}\r\n`;
}

/** The answer without what differs from second to second, and without the mark that the ticket sets. */
export function plain(answer: string): string {
  return answer.replace(/^Date: .*$/m, "Date: (now)").replace("X-Receipt: 1\r\n", "");
}

/** The bytes that a handler's answer makes with and without a hold. */
export async function bothWays(handler: Handler, request = get(), ticket = new HandTicket()) {
  const bare = await exchange(await listen(handler), request);
  const held = await exchange(await listen(protect(ticket, handler)), request);
  return { bare, held, ticket };
}

/** Runs one request against a held handler and gives back what came out. */
export async function runHeld(
  ticket: HandTicket,
  handler: (res: ServerResponse) => void,
  request = get(),
): Promise<string> {
  return exchange(await listen(protect(ticket, (_, res) => handler(res))), request);
}
