import { once } from "node:events";
import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";

/** How a purchase leaves: by a response that is settled after or before its handler, or by an upgrade. */
export type Flow = "after" | "before" | "upgrade";

/** What came of one request. An upgrade counts as 200. */
export interface Came {
  readonly status: number;
  readonly required?: string | undefined;
}

/**
 * Asks for the goods of a flow, on a connection that is left to the server to close: a client that closes at once may do so
 * before a busy server hears that its last byte has left, and is owed the response then.
 * @throws if the connection breaks
 */
export async function ask(origin: string, flow: Flow, payment?: string): Promise<Came> {
  const headers = {
    ...(payment === undefined ? {} : { "payment-signature": payment }),
    ...(flow === "upgrade" ? { connection: "Upgrade", upgrade: "goods" } : {}),
  };
  const sent: ClientRequest = request(`${origin}/${flow}`, { headers, agent: new Agent({ keepAlive: true }) }).end();
  const came = new Promise<Came>((resolve, reject) => {
    sent.once("error", reject);
    sent.once("upgrade", (response: IncomingMessage, socket) => {
      socket.on("error", () => {}).destroy();
      resolve({ status: response.statusCode === 101 ? 200 : 0 });
    });
    sent.once("response", (response: IncomingMessage) => {
      const required = response.headers["payment-required"] as string | undefined;
      response.resume();
      once(response, "end").then(() => resolve({ status: response.statusCode ?? 0, required }), reject);
    });
  });
  return came;
}
