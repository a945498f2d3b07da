import type { Express } from "express";
import express, { Router } from "express";
import { expect, it } from "vitest";
import { paid, paywall, protect } from "../src/index.js";
import { answer } from "./parts.js";
import { openStand, quietApp, rest } from "./stand.js";

const stand = openStand();
type Handle = ((...args: never[]) => unknown) & { stack?: Layer[] };
interface Layer {
  handle: Handle;
  route?: { stack: Layer[] };
}

/** Wraps everything of an app as agents of monitoring do: by a function of two parameters that leads to what it wraps. */
function wrapAll(app: Express, keep: (wrapped: Handle, original: Handle) => void): void {
  const { _router } = app as unknown as { _router?: { stack: Layer[] } };
  const wrap = (layers: Layer[]): void => {
    for (const layer of layers) {
      const { handle, route } = layer;
      if (handle.stack) wrap(handle.stack);
      if (route) wrap(route.stack);
      if (route || handle.length > 3) continue;
      const wrapped: Handle = function (this: unknown, _req: never, _res: never) {
        // biome-ignore lint/complexity/noArguments: as the agents have it
        return Reflect.apply(handle, this, arguments);
      };
      keep(wrapped, handle);
      layer.handle = wrapped;
    }
  };
  wrap((_router ?? (app as unknown as { router: { stack: Layer[] } }).router).stack);
}

/** OpenTelemetry's and its like point to what they wrap; others copy what it has by name. */
const agents: Record<string, (wrapped: Handle, original: Handle) => void> = {
  pointing: (wrapped, original) => {
    Object.defineProperty(wrapped, "__original", { value: original });
    if (original.stack) wrapped.stack = original.stack;
  },
  copying: (wrapped, original) => {
    Object.assign(wrapped, original);
    Object.defineProperty(wrapped, "length", { value: original.length });
    Object.defineProperty(wrapped, "name", { value: original.name });
  },
};

for (const [name, keep] of Object.entries(agents)) {
  it(`G14e a right app stays right under a ${name} agent, and a wrong one is refused`, async () => {
    const build = (): Express => {
      const app = quietApp();
      app.use(express.json());
      app.use((_req, _res, next) => next());
      return app;
    };
    const config = () => stand.config({ routes: { "GET /w": "$1", [`ALL /all/${rest}`]: "$1" } as const });
    const right: ((app: Express) => void)[] = [
      (app) => {
        app.get("/w", answer).all(`/all/${rest}`, answer);
        protect(app, config());
      },
      (app) => {
        app.use(paywall(config()));
        app.use(Router().get("/w", answer)).all(`/all/${rest}`, answer);
      },
      (app) => {
        app.get("/w", paid(stand.config(), "$1"), answer);
        app.all(`/all/${rest}`, paid(stand.config(), "$1"), answer);
      },
    ];
    for (const finish of right) {
      const app = build();
      finish(app);
      wrapAll(app, keep);
      paywall.check(app);
      expect(await stand.status(app, "/w")).toBe(402);
      expect(await stand.status(app, "/all/x", "POST")).toBe(402);
      expect(await stand.status(app, "/all/x", "OPTIONS")).toBe(204);
      const origin = await stand.listen(app);
      expect((await stand.buy(`${origin}/w`)).response.status).toBe(200);
    }
    const wrong = build();
    wrong.get("/w", answer);
    wrong.use(paywall(stand.config({ routes: { "GET /w": "$1" } })));
    wrapAll(wrong, keep);
    expect(() => paywall.check(wrong)).toThrow(/gate_behind_route/);
  });
}
