import { type Argument, type Commands, countReady } from "./commands.js";

type Method = (...args: Argument[]) => Promise<unknown>;

interface Client {
  readonly evalshaBuffer: Method;
  readonly evalBuffer: Method;
  readonly waitBuffer: Method;
  readonly status: string;
  readonly isCluster?: boolean;
  on(event: "ready", listener: () => void): unknown;
}

/** A `Redis` or `Cluster` of `ioredis`. */
export function overIoredis(client: object): Commands {
  const redis = client as Client;
  return {
    // Not by `callBuffer`: with `enableAutoPipelining` that one loses the command's name, and ends the process.
    call: async ([command, ...args]) => {
      if (command === "EVALSHA") return redis.evalshaBuffer(...args);
      return command === "EVAL" ? redis.evalBuffer(...args) : redis.waitBuffer(...args);
    },
    obstacle: () => (redis.status === "end" ? "The client was closed, or gave up connecting" : undefined),
    ...(redis.isCluster ? {} : { countConnections: () => countReady(redis) }),
  };
}
