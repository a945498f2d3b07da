/** What `wrangler types` writes for a Worker with these bindings. */
declare module "cloudflare:workers" {
  export const env: {
    LEDGER: import("@turnpike/durable-objects").LedgerNamespace;
    HYPERDRIVE: { connectionString: string };
  };
}
