import { type IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { RoutePrice } from "../config.js";
import { openPaywall, type PaywallSource, priceRoute } from "../paywall/paywall.js";
import type { Awaitable, Payment } from "../seam.js";
import { absoluteUrl, NodeRequest } from "./request.js";
import { serve } from "./serve.js";

/** Takes over a paid connection. @param payment absent if a hook granted the request */
export type PaidUpgradeListener = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  payment: Payment | undefined,
) => Awaitable<void>;

/** A request that came by the event `upgrade` or `connect` of a server; no framework has seen it. */
class UpgradeRequest extends NodeRequest<IncomingMessage> {
  /** What its listener writes leaves by the socket, whatever the request's `Upgrade` names. */
  override get detached(): "settle" {
    return "settle";
  }

  url(): string {
    const { encrypted } = this.message.socket as { encrypted?: boolean };
    return absoluteUrl(encrypted ? "https" : "http", this.message.headers.host, this.message.url ?? "/");
  }

  params(): Record<string, string> {
    return {};
  }

  address(): string | undefined {
    return this.message.socket.remoteAddress;
  }
}

/**
 * A priced listener for a server's event `upgrade` (or `connect`), which bypasses the app's middleware:
 *
 * ```ts const upgrade = paidUpgrade(tolls, "$0.01", (req, socket, head) => wss.handleUpgrade(req, socket, head, (ws) => wss.emit("connection", ws, req))); server.on("upgrade", upgrade); ```
 *
 * Unpaid requests get the 402 as plain HTTP. The payment settles before the listener runs, whatever `settle` says, and
 * buys one upgrade: the connection counts as delivered once the listener's response head is sent. It prices every path
 * that it is called for.
 * @param source a configuration, or the engine that `createPaywall` made
 * @throws ConfigError that lists everything that is wrong with the configuration or the price
 */
export function paidUpgrade<Own extends string = never>(
  source: PaywallSource<IncomingMessage, Own>,
  price: RoutePrice<IncomingMessage, NoInfer<Own>>,
  listener: PaidUpgradeListener,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const route = priceRoute(source, price);
  const { reporter } = openPaywall(source);
  return (request, socket, head) => {
    // By now Node listens to errors of the connection no more.
    socket.on("error", () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as IncomingMessage["socket"]);
    response.once("finish", () => socket.end(() => socket.destroy()));
    const fail = (error: unknown): void => {
      reporter.failed("The handling of a paid upgrade failed", {}, { code: "upgrade_failed", error });
      if (response.headersSent || socket.destroyed) return;
      response.statusCode = 500;
      response.end();
    };
    serve(route, new UpgradeRequest(request, request), {
      message: request,
      response,
      run: (payment) => {
        new Promise<void>((done) => done(listener(request, socket, head, payment))).catch(fail);
      },
      fail,
    });
  };
}
