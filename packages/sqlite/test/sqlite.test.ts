import { testStore } from "@turnpike/testing/stores";
import { type SqliteStore, sqliteStore } from "../src/index.js";
import { freshPath, removeFolders } from "./support/folder.js";

const answerLimit = 2 * 1024 * 1024;
const options = { maxAnswer: answerLimit, durability: "process" } as const;

removeFolders();

testStore({
  name: "sqlite",
  open: async () => {
    const path = freshPath();
    const stores: SqliteStore[] = [];
    const open = () => {
      const store = sqliteStore(path, options);
      stores.push(store);
      return store;
    };
    const close = async () => {
      for (const store of stores.splice(0)) await store.close();
    };
    return {
      store: open(),
      answerLimit,
      another: async () => open(),
      reopen: async () => {
        await close();
        return open();
      },
      cut: close,
      close,
    };
  },
});

testStore({
  name: "sqlite in memory",
  open: async () => {
    const store = sqliteStore(":memory:", options);
    return { store, answerLimit, cut: () => store.close(), close: () => store.close() };
  },
  lacks: {
    another: "each store in memory has a database of its own",
    reopen: "it is gone with the store",
  },
});
