import { Readable } from "node:stream";
import { createPaywall, type PaywallConfig } from "@turnpike/core";
import { paid, paywall } from "@turnpike/express";
import { describePayment, marked, readCode, readCount, withoutBody } from "@turnpike/shop-shared/answers";
import { readLedger } from "@turnpike/shop-shared/ledger";
import { memory } from "@turnpike/shop-shared/memory";
import { createPrices } from "@turnpike/shop-shared/prices";
import { events, wait, zeros } from "@turnpike/shop-shared/streams";
import cors from "cors";
import express, { type Express, type Request, type Response } from "express";

const queryOf = (req: Request) => new URLSearchParams(req.originalUrl.split("?")[1]);

export function createShop(config: PaywallConfig): Express {
  const { counted, runs, failFirst } = memory;
  const app = express();
  const tolls = createPaywall(config);
  app.use(cors({ exposedHeaders: ["PAYMENT-REQUIRED", "PAYMENT-RESPONSE"] }));

  const { "GET /files/*": files, ...prices } = createPrices(queryOf);
  app.use(paywall(tolls, { ...prices, "GET /files/*path": files }));

  app.get("/free", (_req, res) => {
    res.json({ free: true });
  });
  app.get("/_runs", (_req, res) => {
    res.json(runs());
  });
  app.get("/_ledger", async (_req, res) => {
    res.json(await readLedger(tolls));
  });

  const get = (row: string, handler: (req: Request, res: Response) => unknown, path = row) =>
    app.get(path, counted(row, handler));
  get("/weather", (_req, res) => res.json({ weather: "sunny" }));
  get("/items/:id", (req, res) => res.json({ id: req.params.id }));
  get(
    "/files/*",
    (req, res) => res.json({ path: ([] as string[]).concat(req.params.path ?? []).join("/") }),
    "/files/*path",
  );
  app.post(
    "/echo",
    express.json(),
    counted("/echo", (req: Request, res: Response) => {
      res.json(req.body);
    }),
  );
  get("/expensive", (_req, res) => res.json({ expensive: true }));
  get("/dynamic", (req, res) => res.json({ size: Number(req.query.size) }));
  get("/preview", (_req, res) => res.json({ full: true }));
  get("/whoami", (req, res) => res.json(describePayment(req.payment)));
  get("/status/:code", (req, res) => {
    const code = readCode(String(req.params.code));
    if (withoutBody(code)) res.status(code).end();
    else res.status(code).json({ status: code });
  });
  get("/raw/:code", (req, res) => {
    const code = readCode(String(req.params.code));
    res.writeHead(code, { "content-type": "application/json" });
    res.end(withoutBody(code) ? undefined : JSON.stringify({ status: code }));
  });
  get("/throw", () => {
    throw new Error("This route always throws, as it is meant to.");
  });
  get("/redirect", (_req, res) => res.redirect("/free"));
  get("/headers", (_req, res) => {
    for (const [name, value] of marked) res.setHeader(name, value);
    res.json({ headers: true });
  });
  get("/slow", async (req, res) => {
    const ms = readCount(queryOf(req), "ms", 0);
    await wait(ms);
    res.json({ slow: ms });
  });
  get("/never", (_req, res) => new Promise<void>((resolve) => res.once("close", resolve)));
  get("/large", (req, res) => {
    res.type("application/octet-stream");
    Readable.from(zeros(readCount(queryOf(req), "mb", 1))).pipe(res);
  });
  const stream = (req: Request, res: Response) => {
    res.type("text/event-stream");
    const query = queryOf(req);
    Readable.from(events(readCount(query, "events", 3), readCount(query, "ms", 10))).pipe(res);
  };
  get("/stream", stream);
  get("/stream-first", stream);
  get("/fail-first", (req, res) => {
    failFirst(req.payment);
    res.json({ ok: true });
  });

  const inner = express.Router();
  inner.use(paywall(tolls, { "GET /inner": "$0.01" }));
  inner.get(
    "/inner",
    counted("/mount/inner", (_req: Request, res: Response) => {
      res.json({ inner: true });
    }),
  );
  app.use("/mount", inner);

  app.get(
    "/bound",
    paid(tolls, "$0.01"),
    counted("/bound", (_req: Request, res: Response) => {
      res.json({ bound: true });
    }),
  );

  paywall.check(app);
  return app;
}
