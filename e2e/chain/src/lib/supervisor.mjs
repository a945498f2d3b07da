// Stands between a chain and the process that wants it: starts anvil, tells port and process id, and ends anvil as soon
// as its own standard input closes. The system closes that pipe however the parent ends, SIGKILL included, which no exit
// hook inside the parent can promise. Plain JavaScript, so that it starts in 40 ms and needs no loader.
import { spawn } from "node:child_process";

const [binary = "", ...args] = process.argv.slice(2);
const node = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"], windowsHide: true });

let said = "";
let listening = false;
const hear = (/** @type {Buffer} */ chunk) => {
  // Read on to the end, or anvil would block on a full pipe; but keep nothing once it runs.
  if (listening) return;
  said += chunk;
  const port = /Listening on \S+:(\d+)\s/.exec(said)?.[1];
  if (!port) return;
  listening = true;
  process.stdout.write(`${JSON.stringify({ port: Number(port), node: node.pid })}\n`);
};
node.stdout.on("data", hear);
node.stderr.on("data", hear);

const leave = (/** @type {string} */ reason) => {
  if (listening) process.exit(0);
  process.stderr.write(reason, () => process.exit(1));
};
node.on("error", (error) => leave(error.message));
node.on("close", () => leave(said.slice(-2000)));

// anvil keeps nothing on disk here, so there is nothing to end gently for.
const stop = () => node.kill("SIGKILL");
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop);
process.stdin.on("close", stop).on("error", stop).resume();
process.stdout.on("error", stop);
process.stderr.on("error", stop);
