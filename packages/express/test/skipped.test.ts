import express, { type ErrorRequestHandler, type Express, Router } from "express";
import { expect, it } from "vitest";
import { paid, paywall, protect } from "../src/index.js";
import { answer } from "./parts.js";
import { openStand, quietApp } from "./stand.js";

const stand = openStand();
const table = () => stand.config({ routes: { "GET /w": "$1" } });
const goesOn: ErrorRequestHandler = (_error, _req, _res, next) => next();
const responds: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent) next(error);
  else res.status(400).end();
};

/** A request whose body a parser ahead of the gate cannot read. */
function malformed(origin: string): Promise<Response> {
  return fetch(`${origin}/w`, { method: "POST", headers: { "content-type": "application/json" }, body: "{bad" });
}

it("G27d an error ahead of the gate of protect carries no request past it, whatever an error handler does", async () => {
  for (const at of [0, 1, 2]) {
    const app = quietApp();
    const steps = [() => app.use(express.json()), () => app.use(goesOn), () => app.all("/w", answer)];
    for (const [step, take] of steps.entries()) {
      if (step === at) protect(app, stand.config(), { "ALL /w": "$1" });
      take();
    }
    paywall.check(app);
    const origin = await stand.listen(app);
    const response = await malformed(origin);
    expect(response.status, `${at}`).toBeGreaterThanOrEqual(400);
    expect(await response.text()).not.toContain("goods");
    expect((await fetch(`${origin}/w`)).status).toBe(402);
  }
});

it("G27e the check refuses an error handler that can go on between a gate and what it prices", () => {
  const wrong: Record<string, (app: Express) => void> = {
    table: (app) => app.use(paywall(table()), goesOn).get("/w", answer),
    mounted: (app) => app.use("/w", paid(stand.config(), "$1")).use(goesOn).get("/w", answer),
    router: (app) => app.use(Router().use(express.json(), paywall(table()), goesOn).get("/w", answer)),
  };
  for (const [name, build] of Object.entries(wrong)) {
    const app = quietApp().use(express.json());
    build(app);
    expect(() => paywall.check(app), name).toThrow(/gate_skipped/);
  }
  const right: Record<string, (app: Express) => void> = {
    ahead: (app) => app.use(goesOn, paywall(table())).get("/w", answer),
    behind: (app) => app.use(paywall(table())).get("/w", answer).use(goesOn),
    ends: (app) => app.use(paywall(table()), responds).get("/w", answer),
    inner: (app) => app.use(paywall(table()), Router().use(goesOn)).get("/w", answer),
    route: (app) => app.use(goesOn).get("/w", paid(stand.config(), "$1"), answer).use(goesOn),
  };
  for (const [name, build] of Object.entries(right)) {
    const app = quietApp().use(express.json());
    build(app);
    expect(() => paywall.check(app), name).not.toThrow();
  }
});
