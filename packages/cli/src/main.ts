#!/usr/bin/env node
import { once } from "node:events";
import { main } from "./lib/main.js";

const stop = new AbortController();
// Once each: the same signal again ends the process at once, as it would without us.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
const { stdout } = process;
const unread = new AbortController();
// The reader of our output, `head` for example, may have had enough of it.
stdout.on("error", () => unread.abort());

process.exitCode = await main(process.argv.slice(2), {
  env: process.env,
  out: (text) => {
    if (unread.signal.aborted || stdout.write(text)) return undefined;
    return once(stdout, "drain", { signal: unread.signal }).catch(() => {});
  },
  err: (text) => process.stderr.write(text),
  signal: stop.signal,
  unread: unread.signal,
  ...(stdout.isTTY ? { columns: stdout.columns } : {}),
});
