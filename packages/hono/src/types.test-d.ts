import { type Context, Hono, type MiddlewareHandler } from "hono";
import { hc } from "hono/client";
import { createMiddleware } from "hono/factory";
import { validator } from "hono/validator";
import { createPaywall, type Payment, paid, paywall, price, protect, type RouteTable } from "./index.js";

/**
 * What compiles and what does not. `tsc` is the test: a line that should not compile and does is an error, and so is the
 * other way round. The shapes that all adapters share are in `packages/core/src/types.test-d.ts`.
 */

const config = { payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", network: "base-sepolia" } as const;
const tolls = createPaywall(config);

/** Whether two types are the same, `any` told from others. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>): void => undefined;

// Path parameters come from the path, with a price ahead of the handler as without one.
const app = new Hono();
app.get("/w/:id", paid(tolls, "$1"), (c) => {
  c.req.param("id") satisfies string;
  // @ts-expect-error the path has no such parameter
  c.req.param("other") satisfies string;
  c.var.payment satisfies Payment | undefined;
  return c.json({ id: c.req.param("id") });
});
app.on(["GET", "POST"], "/w/:id", paid(tolls, "$1"), (c) => c.text(c.req.param("id")));
app.all("/w/:first/:second", paid(tolls, "$1"), (c) => c.text(c.req.param("first") + c.req.param("second")));
app.use("/w/*", paid(tolls, "$1"));
app.basePath("/v1").get("/w/:id", paid(tolls, "$1"), (c) => c.text(c.req.param("id")));

// The app's environment stays: bindings, variables, and what middleware adds.
type Env = { Bindings: { TOKEN: string }; Variables: { user: string } };
const own = new Hono<Env>();
const counted = createMiddleware<{ Variables: { count: number } }>((c, next) => {
  c.set("count", 1);
  return next();
});
own.get("/w/:id", paid(tolls, "$1"), (c) => {
  same<typeof c.env, Env["Bindings"]>(true);
  same<typeof c.var.user, string>(true);
  // @ts-expect-error there is no such variable
  c.get("nobody");
  return c.text(c.env.TOKEN + c.var.user + c.req.param("id"));
});
own.get("/w/:id", counted, paid(tolls, "$1"), (c) => c.text(c.var.user + c.var.count.toFixed() + c.req.param("id")));
own.get("/w/:id", paid(tolls, "$1"), counted, (c) => c.text(c.var.user + c.var.count.toFixed() + c.req.param("id")));
protect(own, tolls, { "GET /w/:id": "$1" }) satisfies Hono<Env>;

// Validators on either side of the price, and the client that is made of the app's type.
const items = new Hono<Env>()
  .post(
    "/items/:id",
    validator("json", (value: { name: string }) => value),
    paid(tolls, "$1"),
    (c) => c.json({ id: c.req.param("id"), name: c.req.valid("json").name }),
  )
  .get(
    "/items",
    paid(tolls, "$1"),
    validator("query", (): { page: string } => ({ page: "1" })),
    (c) => c.json({ page: c.req.valid("query").page }),
  );
const client = hc<typeof items>("http://localhost");
const bought = await client.items[":id"].$post({ param: { id: "1" }, json: { name: "a" } });
same<Awaited<ReturnType<typeof bought.json>>, { id: string; name: string }>(true);
// @ts-expect-error the body has a name
await client.items[":id"].$post({ param: { id: "1" }, json: { title: "a" } });
const listed = await client.items.$get({ query: { page: "1" } });
same<Awaited<ReturnType<typeof listed.json>>, { page: string }>(true);

// It is a middleware of any app.
paid(tolls, "$1") satisfies MiddlewareHandler;
paywall(tolls, { "GET /w": "$1" }) satisfies MiddlewareHandler;

// Price functions get Hono's context, wherever they stand.
paywall({ ...config, routes: { "GET /a": (c) => ((c satisfies Context).req.query("n") ? "$1" : "$2") } });
paywall(config, { "GET /a": { price: (c) => `$${c.req.query("n")}`, preview: (c) => ({ path: c.req.path }) } });
paid(tolls, async (c) => `$${(c satisfies Context).req.query("n")}`);
createPaywall({ ...config, routes: { "GET /a": (c) => `$${(c satisfies Context).req.query("n")}` } });

// Tables, in each form.
const table: RouteTable<Context> = { "GET /w/:id": price("$1"), "POST /w": "free", "ALL /files/*": "0.01 EURC" };
protect(app, tolls, table, { address: (c) => c.req.header("x-real-ip") });
protect(app, { ...config, routes: table });
app.use(paywall(tolls, { "GET /w": "$0.01" }));
// @ts-expect-error a price has `$` or a token's symbol
protect(app, tolls, { "GET /w": "0.01" });
// @ts-expect-error methods are written in capitals
protect(app, tolls, { "get /w": "$0.01" });
// @ts-expect-error a path begins with "/"
app.use(paywall(tolls, { "GET w": "$0.01" }));
// @ts-expect-error there is no such method
app.use(paywall({ ...config, routes: { "GETT /w": "$0.01" } }));
// @ts-expect-error a price has `$` or a token's symbol
paid(tolls, "0.01");
// @ts-expect-error `payTo` is missing
paid({ network: "base" }, "$0.01");
// @ts-expect-error `network` is missing
protect(app, { payTo: config.payTo, routes: { "GET /w": "$0.01" } });
// @ts-expect-error the network is misspelt
paywall({ payTo: config.payTo, network: "base-sepolja", routes: { "GET /w": "$0.01" } });
// @ts-expect-error the network of the route is misspelt
paid(tolls, { price: "$0.01", network: "base-sepolja" });
