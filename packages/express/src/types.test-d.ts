import express, { type NextFunction, type Request, type RequestHandler, type Response, Router } from "express";
import { createPaywall, type PaywallHandler, paid, paywall, price, protect, type RouteTable } from "./index.js";

/**
 * What compiles and what does not. `tsc` is the test: a line that should not compile and does is an error, and so is the
 * other way round. The shapes that all adapters share are in `packages/core/src/types.test-d.ts`.
 */

const config = { payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", network: "base-sepolia" } as const;
const tolls = createPaywall(config);
const app = express();
const router = Router();

// The parameters of a route come from its path, with a price ahead of the handler as without one.
app.get("/w/:id", paid(tolls, "$1"), (req, res) => {
  req.params.id satisfies string;
  // @ts-expect-error the path has no such parameter
  req.params.other;
  req.payment?.payer satisfies string | undefined;
  res.json({ id: req.params.id });
});
router.post(
  "/a/:first/b/:second",
  paid(tolls, "$1"),
  (req) => [req.params.first, req.params.second] satisfies string[],
);
app.get(
  "/w/:id",
  paid(tolls, "$1"),
  (req, _res, next) => next(req.params.id),
  (req) => void req.params.id.length,
);
app.get("/w/:id", [paid(tolls, "$1")], (req: Request<{ id: string }>) => void req.params.id.length);
app.get("/w/:id", [paid(tolls, "$1"), (req: Request<{ id: string }>) => void req.params.id.length]);
app.all("/w/:id", paid(tolls, "$1"), (req) => void req.params.id.length);
app
  .route("/w/:id")
  .get(paid(tolls, "$1"), (req) => void req.params.id.length)
  .post((req) => void req.params.id.length);
router.route("/w/:id").get(paid(tolls, "$1"), (req) => void req.params.id.length);
router.use("/w/:id", paid(tolls, "$1"), (req) => void req.params.id.length);
app.use(paid(tolls, "$1"));

// So do the generics of a handler: parameters, bodies, query, locals.
interface Item {
  readonly name: string;
}
type Query = { page: string };
app.post<{ id: string }, Item, { text: string }, Query, { user: string }>("/w/:id", paid(tolls, "$1"), (req, res) => {
  const { id } = req.params;
  res.json({ name: id + req.body.text + req.query.page + res.locals.user });
  // @ts-expect-error the response body is an Item
  res.json({ title: id });
});
const typed: RequestHandler<{ id: string }, Item, { text: string }, Query> = (req, res) =>
  void res.json({ name: req.params.id + req.body.text + req.query.page });
app.post("/w/:id", paid(tolls, "$1"), typed);
const generic = <T extends { id: string }>(req: Request<T>, res: Response, next: NextFunction) => {
  if (req.params.id) res.end();
  else next();
};
app.get("/w/:id", paid(tolls, "$1"), generic);

// It is a handler of any of them, and may be called like one.
const handler: PaywallHandler = paid(tolls, "$1");
handler satisfies RequestHandler;
handler satisfies RequestHandler<{ id: string }, Item, { text: string }, Query>;
app.get("/w/:id", (req, res, next) => handler(req, res, next));

// Price functions get Express's request, wherever they stand.
paywall({ ...config, routes: { "GET /a": (req) => ((req satisfies Request).path ? "$1" : "$2") } });
paywall(config, {
  "GET /a": { price: (req) => `$${(req satisfies Request).query.n}`, preview: (req) => ({ path: req.path }) },
});
paid(tolls, (req) => ((req satisfies Request).path ? "$1" : "$2"));
createPaywall({ ...config, routes: { "GET /a": async (req) => `$${(req satisfies Request).query.n}` } });
createPaywall({ ...config, buyer: (req) => (req satisfies Request).get("x-user") });

// Tables, in each form.
const table: RouteTable<Request> = { "GET /w/:id": price("$1"), "POST /w": "free", "ALL /files/*rest": "0.01 EURC" };
protect(app, tolls, table);
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
app.get("/w", paid(tolls, "0.01"));
// @ts-expect-error `payTo` is missing
app.get("/w", paid({ network: "base" }, "$0.01"));
// @ts-expect-error `network` is missing
protect(app, { payTo: config.payTo, routes: { "GET /w": "$0.01" } });
// @ts-expect-error the network is misspelt
app.use(paywall({ payTo: config.payTo, network: "base-sepolja", routes: { "GET /w": "$0.01" } }));
// @ts-expect-error the network of the route is misspelt
app.get("/w", paid(tolls, { price: "$0.01", network: "base-sepolja" }));
// @ts-expect-error what may be undefined is no price; `price(process.env.PRICE)` checks it
app.get("/w", paid(tolls, process.env.PRICE));
