import { type PaywallConfig, paywall } from "@turnpike/hono";
import { Hono } from "hono";

/** Bodies as handlers make them. Coded ones come from the test, as hexadecimal: not every runtime can make them. */
const bodies: Record<string, () => BodyInit | null> = {
  string: () => "hello",
  large: () => "hello ".repeat(400_000),
  parameters: () => new URLSearchParams("a=1"),
  blob: () => new Blob(["x"], { type: "text/css" }),
  untyped: () => new Blob(["x"]),
  bytes: () => new Uint8Array([0, 255, 1]),
  stream: () => new Blob(["stream"]).stream(),
  empty: () => "",
  none: () => null,
  form: () => {
    const form = new FormData();
    form.append("a", "1");
    return form;
  },
};

/** The same handlers below `/free` and, for a price, below `/paid`. */
export function createShop(config: PaywallConfig, coded: Record<string, string>): Hono {
  const app = new Hono();
  app.use(paywall({ ...config, routes: { "GET /paid/*": "$0.01" } } as never));
  for (const base of ["/free", "/paid"]) {
    for (const [name, body] of Object.entries(bodies)) app.get(`${base}/${name}`, () => new Response(body()));
    app.get(`${base}/text`, (c) => c.text("text"));
    app.get(`${base}/large-text`, (c) => c.text("text ".repeat(400_000)));
    app.get(`${base}/json`, (c) => c.json({ a: 1 }));
    for (const [coding, hex] of Object.entries(coded)) {
      const headers = { "content-type": "text/plain", "content-encoding": coding };
      const init = { headers, encodeBody: "manual" } as ResponseInit;
      app.get(`${base}/${coding}`, () => new Response(bytesOf(hex), init));
      app.get(`${base}/auto-${coding}`, () => new Response("coded by the runtime", { headers }));
    }
  }
  return app;
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array((hex.match(/../g) ?? []).map((digits) => Number.parseInt(digits, 16)));
}
