import type { IncomingMessage, ServerResponse } from "node:http";
import { type Outgoing, watchDeparture } from "../incoming/departure.js";
import { stopLooking } from "../incoming/request-body.js";
import type { Decision, HeaderList, Payment, PaywallRequest, PricedRoute, Reply } from "../seam.js";
import { Hold } from "./hold.js";
import { writeReply } from "./reply.js";
import { noteAdmitted } from "./upgrades.js";

/** One request, and how its framework continues. */
export interface Exchange {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  /** Runs the handler. */
  run(payment: Payment | undefined): void;
  /** Denies the request with an error that the framework reports. */
  fail(error: unknown): void;
  /** Sends a response from the engine. @default straight to the response */
  reply?(reply: Reply): void;
  /** The headers of the response before its handler, if the framework keeps them elsewhere. */
  headers?(): HeaderList;
}

/** Runs one request through a priced route: responds to it, or runs its handler and holds the response. */
export function serve<Raw>(route: PricedRoute<Raw>, request: PaywallRequest<Raw>, exchange: Exchange): void {
  try {
    const decision = route.admit(request);
    if ("then" in decision) decision.then((decided) => act(decided, exchange)).catch((error) => exchange.fail(error));
    else act(decision, exchange);
  } catch (error) {
    exchange.fail(error);
  }
}

function act(decision: Decision, exchange: Exchange): void {
  const { message, response } = exchange;
  if (decision.type === "reply") {
    const { reply } = decision;
    stopLooking(message);
    if (response.headersSent || response.destroyed) return;
    if (reply.delivered) {
      // An app's own hooks may have sent something else in its place.
      const report = (left: boolean) => void reply.delivered?.(left && response.statusCode === reply.status);
      watchDeparture(response as Outgoing, message.socket, report);
    }
    if (exchange.reply) exchange.reply(reply);
    else writeReply(response, reply, message.method);
    return;
  }
  noteAdmitted(message);
  if (decision.type === "pass") {
    exchange.run(decision.payment);
  } else {
    const { ticket } = decision;
    const hold = new Hold(ticket, message, response, exchange.headers?.());
    if (hold.open) exchange.run(ticket.payment);
  }
}
