import { memoryStore } from "@turnpike/core";
import { testStore } from "../src/stores.js";

const answerLimit = 2 * 1024 * 1024;

testStore({
  name: "memory",
  open: async () => ({
    store: memoryStore({ answerBytes: answerLimit }),
    answerLimit,
    close: async () => {},
  }),
  lacks: {
    another: "its records are in the memory of one process",
    reopen: "its records go with the process",
    cut: "nothing can take the memory away",
  },
});
