import Fastify, {
  type FastifyPluginAsync,
  type FastifyPluginCallback,
  type FastifyRequest,
  type FastifyTypeProvider,
} from "fastify";
import registered, {
  createPaywall,
  type FastifyPaywallOptions,
  type Payment,
  paid,
  paywall,
  price,
  type RouteTable,
} from "./index.js";

/**
 * What compiles and what does not. `tsc` is the test: a line that should not compile and does is an error, and so is the
 * other way round. The shapes that all adapters share are in `packages/core/src/types.test-d.ts`.
 */

const config = { payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", network: "base-sepolia" } as const;
const tolls = createPaywall(config);
const app = Fastify();

// A route's own types stay, with a price as without one.
interface Item {
  Params: { id: string };
  Querystring: { page: number };
  Body: { text: string };
  Reply: { name: string };
}
app.post<Item>("/w/:id", paid(tolls, "$1"), async (request) => {
  const { id } = request.params;
  request.payment satisfies Payment | undefined;
  // @ts-expect-error the route has no such parameter
  request.params.other;
  return { name: id + request.body.text + request.query.page.toFixed() };
});
// @ts-expect-error the response has a name
app.post<Item>("/w/:id", paid(tolls, "$1"), async () => ({ title: "a" }));
app.get<Item>("/w/:id", { ...paid(tolls, "$1"), schema: { params: {} } }, async ({ params }) => ({ name: params.id }));
app.get<Item>(
  "/w/:id",
  { ...paid(tolls, "$1"), preValidation: async ({ params }) => void params.id.length },
  async ({ params }) => ({ name: params.id }),
);
app.get<Item>("/w/:id", { config: { paywall: "$1" } }, async ({ params }) => ({ name: params.id }));
app.get<Item>("/w/:id", { config: { paywall: { price: "$1" } } }, async ({ params }) => ({ name: params.id }));
app.get("/w", { config: { paywall: "free" } }, async () => "free");
app.get(
  "/w",
  { config: { paywall: (request) => ((request satisfies FastifyRequest).url ? "$1" : "$2") } },
  async () => "",
);
app.route<Item>({
  method: ["GET", "POST"],
  url: "/w/:id",
  ...paid(tolls, "$1"),
  handler: async ({ params, body }) => ({ name: params.id + body.text }),
});

// So do those that a type provider reads from a schema.
interface Provider extends FastifyTypeProvider {
  validator: this["schema"] extends { readonly example: infer Example } ? Example : unknown;
}
const provided = app.withTypeProvider<Provider>();
const schema = { params: { example: { id: "1" } }, body: { example: { size: 1 } } };
provided.post("/w/:id", { ...paid(tolls, "$1"), schema }, async ({ params, body }) => params.id + body.size.toFixed());
provided.route({
  method: "POST",
  url: "/w/:id",
  ...paid(tolls, "$1"),
  schema,
  handler: async ({ params }) => params.id satisfies string,
});
Fastify({ http2: true }).get("/w", paid(tolls, "$1"), async () => "sold");

// The plugin's options, in each form.
const table: RouteTable<FastifyRequest> = { "GET /w/:id": price("$1"), "POST /w": "free", "ALL /files/*": "0.01 EURC" };
await app.register(paywall, { tolls, routes: table });
await app.register(registered, { ...config, routes: table });
await app.register(paywall, {
  ...config,
  routes: { "GET /w": (request) => `$${(request satisfies FastifyRequest).id}` },
});
await app.register(paywall, { tolls, routes: { "GET /w": { price: async ({ url }) => `$${url}` } }, prefix: "/v1" });
const mine = { id: "eip155:999", name: "mine", title: "Mine", testnet: true };
await app.register(paywall, { ...config, networks: [mine], network: "mine", routes: { "GET /w": "$1" } });
paywall satisfies FastifyPluginCallback<FastifyPaywallOptions>;
const nested: FastifyPluginAsync = async (scope) =>
  void scope.get<Item>("/w/:id", paid(tolls, "$1"), async () => ({ name: "" }));
app.register(nested);
// @ts-expect-error a price has `$` or a token's symbol
app.register(paywall, { tolls, routes: { "GET /w": "0.01" } });
// @ts-expect-error methods are written in capitals
app.register(paywall, { tolls, routes: { "get /w": "$0.01" } });
// @ts-expect-error a path begins with "/"
app.register(paywall, { ...config, routes: { "GET w": "$0.01" } });
// @ts-expect-error there is no such method
app.register(paywall, { ...config, routes: { "GETT /w": "$0.01" } });
// @ts-expect-error `payTo` is missing
app.register(paywall, { network: "base", routes: { "GET /w": "$0.01" } });
// @ts-expect-error `network` is missing
app.register(paywall, { payTo: config.payTo, routes: { "GET /w": "$0.01" } });
// @ts-expect-error the network is misspelt
app.register(paywall, { payTo: config.payTo, network: "base-sepolja", routes: { "GET /w": "$0.01" } });
// @ts-expect-error a price has `$` or a token's symbol
app.get("/w", paid(tolls, "0.01"), async () => "sold");
// @ts-expect-error a price has `$` or a token's symbol
app.get("/w", { config: { paywall: "0.01" } }, async () => "sold");
// @ts-expect-error the network of the route is misspelt
app.get("/w", paid(tolls, { price: "$0.01", network: "base-sepolja" }), async () => "sold");
