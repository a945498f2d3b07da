// Runs in a worker: compiling takes a second of work, and loading solc leaves its own "unhandledRejection" handler in
// whatever process loads it. Plain JavaScript, because Node 20 loads no TypeScript by itself.
import { parentPort, workerData } from "node:worker_threads";
import solc from "solc";

parentPort?.postMessage(solc.compile(workerData));
