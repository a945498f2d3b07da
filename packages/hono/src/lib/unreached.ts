import type { ConfigProblem } from "@turnpike/core";
import type { AppRoute } from "./gates.js";
import { nameOf } from "./roles.js";

/** Says of a gate that it prices nothing, as far as can be seen: what meets no example is named, and never approved. */
export function unreached(place: AppRoute): ConfigProblem {
  const message = `the check found no request that reaches the paywall at ${nameOf(place)}, so what it prices is free. Write the path as Hono reads it ("/api/*" for all that is below a path, "/:name" for one segment), or price whole paths: protect(app, tolls, { "GET /api/*": … })`;
  return { code: "gate_unreached", path: nameOf(place), message };
}
