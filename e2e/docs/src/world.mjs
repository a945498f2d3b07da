// Loaded ahead of a sample (`node --import`). It says where the sample listens, and leads what leaves for the internet to this
// machine: `WORLD` is a JSON object of origins and what they are replaced by.
import http from "node:http";
import https from "node:https";
import { syncBuiltinESMExports } from "node:module";
import { Server } from "node:net";

const world = new Map(Object.entries(JSON.parse(process.env.WORLD ?? "{}")));

const { listen } = Server.prototype;
Server.prototype.listen = function (...args) {
  this.once("listening", () => {
    const address = this.address();
    if (address && typeof address === "object") process.stdout.write(`listening http://127.0.0.1:${address.port}\n`);
  });
  return listen.apply(this, args);
};

const { request } = https;
https.request = (options, ...rest) => {
  const here = world.get(`https://${options.hostname}`);
  if (!here) return request(options, ...rest);
  const { hostname, port } = new URL(here);
  const outgoing = http.request({ ...options, agent: undefined, protocol: "http:", hostname, port }, ...rest);
  // Whoever asked for TLS waits for it.
  outgoing.once("socket", (socket) => socket.once("connect", () => socket.emit("secureConnect")));
  return outgoing;
};
syncBuiltinESMExports();

const ask = globalThis.fetch;
globalThis.fetch = (input, init) => {
  const { origin } = new URL(input instanceof Request ? input.url : input);
  const here = world.get(origin);
  if (!here) return ask(input, init);
  return ask(String(input instanceof Request ? input.url : input).replace(origin, here), init);
};
