#!/usr/bin/env node
import { main } from "./lib/main.js";

const stop = new AbortController();
// Once each: the same signal again ends the process at once, as it would without us.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
// Whoever reads our output may have had enough of it.
process.stdout.on("error", () => {});

process.exitCode = await main(process.argv.slice(2), {
  env: process.env,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  signal: stop.signal,
});
