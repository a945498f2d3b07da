import type { ConfigProblem } from "@turnpike/core";
import type { Gate } from "./gates.js";
import type { Scene } from "./scene.js";

/** Whether a request for one of these paths meets the gate. */
export function isReached(scene: Scene, { handler }: Gate, paths: readonly string[]): boolean {
  // Middleware is met by every method alike.
  return paths.some((path) => scene.walk("GET", path).some(({ handle }) => handle === (handler as unknown)));
}

/** What cannot be seen to price anything must not pass for what does. */
export function unreached(what: string): ConfigProblem {
  const message = `the check found no request that reaches ${what}: Express runs a function at a pattern or an expression only where that ends at a segment, and a path begins with a slash. Mount it at the root, app.use(paywall(…)), or write protect(app, tolls, { … })`;
  return { code: "gate_unreached", path: "app", message };
}
