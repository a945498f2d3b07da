import { randomBytes } from "node:crypto";
import { HEADERS } from "../src/lib/protocol/header.js";
import type { PaymentRequired } from "../src/lib/protocol/types.js";
import type { PaywallRequest, PricedRoute } from "../src/lib/seam.js";

export function requestOf(headers: Record<string, string> = {}, address = "203.0.113.7"): PaywallRequest<object> {
  return {
    method: "GET",
    raw: {},
    header: (name) => headers[name],
    url: () => "http://127.0.0.1:3000/paid",
    params: () => ({}),
    address: () => address,
  };
}

/** The status, and the code, of what the engine answers; 200 if the handler may run. */
export async function ask(route: PricedRoute<object>, request: PaywallRequest<object>) {
  const decision = await route.admit(request);
  if (decision.type !== "reply") return { status: 200, code: undefined, headers: [] };
  const { status, headers, body } = decision.reply;
  return { status, headers, code: (JSON.parse(String(body)) as { code?: string }).code };
}

/** Makes payments that nobody has signed, as header fields: of another payer each time, unless told of whom. */
export async function forger(route: PricedRoute<object>) {
  const { headers } = await ask(route, requestOf());
  const value = headers.find(([name]) => name.toLowerCase() === HEADERS.required.toLowerCase())?.[1] ?? "";
  const { accepts } = JSON.parse(Buffer.from(value, "base64").toString()) as PaymentRequired;
  const [accepted] = accepts;
  if (!accepted) throw new Error("There is no offer.");
  return (from = `0x${randomBytes(20).toString("hex")}`, extensions: object = {}) => {
    const now = Math.floor(Date.now() / 1000);
    const { payTo: to, amount: value } = accepted;
    const window = { validAfter: "0", validBefore: String(now + 100) };
    const authorization = { from, to, value, ...window, nonce: `0x${randomBytes(32).toString("hex")}` };
    const payload = {
      x402Version: 2,
      accepted,
      extensions,
      payload: { signature: `0x${"ab".repeat(65)}`, authorization },
    };
    return { [HEADERS.signature.toLowerCase()]: Buffer.from(JSON.stringify(payload)).toString("base64") };
  };
}
