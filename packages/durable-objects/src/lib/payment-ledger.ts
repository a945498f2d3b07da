import type { LedgerState, LedgerStorage } from "./cloudflare.js";
import { LEDGER_URL, readMessage, writeMessage } from "./message.js";
import { type Operation, openOperations, type Result } from "./operations.js";
import { prepareTables, readSetting, writeSetting } from "./schema.js";

/**
 * The Durable Object that keeps payment records: export it from the Worker, as a class with SQLite storage. It is
 * called by `fetch`, not RPC, which would need a base class from `cloudflare:workers`: then Node could not load modules
 * that import this package, for example in tests.
 */
export class PaymentLedger {
  readonly #storage: LedgerStorage;
  readonly #operations: ReturnType<typeof openOperations>;
  #shards: number | undefined;

  constructor(state: LedgerState, _env?: unknown) {
    this.#storage = state.storage;
    this.#operations = openOperations(state.storage);
    void state.blockConcurrencyWhile(async () => {
      prepareTables(state.storage);
      this.#shards = readSetting(state.storage.sql, "shards");
    });
  }

  /** Responds once its writes are on disk: the runtime holds the response back until then. */
  async fetch(request: Request): Promise<Response> {
    const operation = request.url.slice(LEDGER_URL.length);
    if (!request.url.startsWith(LEDGER_URL) || !Object.hasOwn(this.#operations, operation)) {
      return new Response("this operation is unknown", { status: 404 });
    }
    const { head, body } = readMessage(new Uint8Array(await request.arrayBuffer()));
    const { shards, ...asked } = head as { readonly shards: number };
    const refusal = this.#check(shards);
    if (refusal) return new Response(refusal, { status: 409 });
    const run = this.#operations[operation as Operation] as (request: unknown, body: Uint8Array) => Result;
    const result = this.#storage.transactionSync(() => run(asked, body));
    return new Response(writeMessage(result.head, result.body));
  }

  /** The number of objects determines which one holds a payment, so it cannot change. */
  #check(shards: number): string | undefined {
    if (this.#shards === undefined) {
      writeSetting(this.#storage.sql, "shards", shards);
      this.#shards = shards;
    }
    if (shards === this.#shards) return undefined;
    return `it was created with ${this.#shards} \`shards\`, not ${shards}, and would no longer find its payments`;
  }
}
