/** What is used of the runtime's own module. */
declare module "cloudflare:workers" {
  /** Lets a promise of the current request settle after its answer has left. */
  export function waitUntil(promise: Promise<unknown>): void;
}
