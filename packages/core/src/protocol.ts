export type * from "./lib/protocol/types.js";
