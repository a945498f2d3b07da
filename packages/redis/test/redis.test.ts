import type { Store } from "@turnpike/core";
import { testStore } from "@turnpike/testing/stores";
import { Redis } from "ioredis";
import { redisStore } from "../src/index.js";
import { describeWith, missRedis, REDIS_URL } from "./service.js";
import { DRIVERS, freshPrefix, type Opened, removeKeys } from "./support/clients.js";

const answerLimit = 2 * 1024 * 1024;
const missing = await missRedis();

for (const driver of DRIVERS) {
  describeWith(missing, `the contract over ${driver.name}`, () => {
    testStore({
      name: `redis, over ${driver.name}`,
      open: async () => {
        const prefix = freshPrefix();
        const admin = new Redis(REDIS_URL);
        const clients: Opened[] = [];
        const open = async (): Promise<Store> => {
          const opened = await driver.open(REDIS_URL, false);
          clients.push(opened);
          // A machine that stalls is not what the contract is about.
          return redisStore(opened.client, { prefix, maxAnswer: answerLimit, timeout: 20_000 });
        };
        return {
          store: await open(),
          answerLimit,
          another: open,
          reopen: async () => {
            for (const client of clients.splice(0)) client.close();
            return open();
          },
          cut: async () => {
            for (const client of clients) await admin.client("KILL", "ID", await client.connection());
          },
          close: async () => {
            for (const client of clients) client.close();
            await removeKeys(admin, prefix);
            admin.disconnect();
          },
        };
      },
    });
  });
}
