export type { Io } from "./lib/io.js";
export { main } from "./lib/main.js";
