import { createShop } from "@turnpike/shop-hono/app";
import { createConfig, type Environment, readSettings } from "@turnpike/shop-shared/settings";

type App = ReturnType<typeof createShop>;

let app: App | undefined;

// The variables come with the requests, and `main.ts` has checked them before the start.
export default {
  fetch(request: Request, environment: Environment, context: Parameters<App["fetch"]>[2]) {
    app ??= createShop(createConfig(readSettings(environment), environment.ORIGIN ?? ""));
    return app.fetch(request, environment, context);
  },
};
