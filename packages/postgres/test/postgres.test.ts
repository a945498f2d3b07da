import { testStore } from "@turnpike/testing/stores";
import { afterAll } from "vitest";
import { openRelay } from "./relay.js";
import { describeWithPostgres } from "./service.js";
import { type ClientOptions, type DriverName, openStage } from "./stage.js";

const answerLimit = 2 * 1024 * 1024;

/** The tables are made once, and emptied for each case: `schema.test.ts` is about how they are made. */
function testDriver(name: string, driver: DriverName, options: ClientOptions = {}): void {
  const stage = openStage();
  afterAll(stage.close);
  testStore({
    name,
    open: async () => {
      await stage.clear();
      const relay = await openRelay();
      const clients = [stage.open(driver, { ...options, port: relay.port })];
      const over = () => {
        const client = stage.open(driver, options);
        clients.push(client);
        return stage.over(client.client, { maxAnswer: answerLimit });
      };
      return {
        store: stage.over(clients[0]?.client, { maxAnswer: answerLimit }),
        answerLimit,
        another: async () => over(),
        reopen: async () => {
          await clients[0]?.end();
          return over();
        },
        cut: relay.close,
        close: async () => {
          await Promise.all(clients.map(({ end }) => end()));
          await relay.close();
        },
      };
    },
  });
}

describeWithPostgres("the contract of stores", () => {
  testDriver("PostgreSQL over pg", "pg");
  testDriver("PostgreSQL over postgres", "postgres");
  // Databases whose owner wants every transaction in full isolation: then claims fail that would have waited.
  const settings = { default_transaction_isolation: "serializable" };
  testDriver("serializable PostgreSQL over pg", "pg", { settings });
  testDriver("serializable PostgreSQL over postgres", "postgres", { settings });
});
