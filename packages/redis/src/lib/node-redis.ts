import { type Argument, type Commands, countReady } from "./commands.js";

/** Of a command's options: as versions 5 and 6 want them, and version 4. */
interface CommandOptions {
  readonly typeMapping: Readonly<Record<number, unknown>>;
  readonly abortSignal: AbortSignal;
  readonly returnBuffers: true;
  readonly signal: AbortSignal;
}

interface Client {
  sendCommand(args: Argument[], options: CommandOptions): unknown;
  readonly isOpen?: boolean;
  on(event: "ready", listener: () => void): unknown;
}

interface Sentinel {
  sendCommand(isReadonly: boolean, args: Argument[], options: CommandOptions): unknown;
}

interface Cluster {
  sendCommand(firstKey: string, isReadonly: boolean, args: Argument[], options: CommandOptions): unknown;
}

/** The first byte of a string in Redis' protocol, by which `redis` names that type. */
const STRING = "$".charCodeAt(0);

/** What `createClient`, `createClientPool`, `createSentinel` or `createCluster` of `redis` gives. */
export function overNodeRedis(client: object, key: string): Commands {
  const plain = client as Client;
  const kind = kindOf(client);
  const send = (args: Argument[], options: CommandOptions): unknown => {
    if (kind === "cluster") return (client as Cluster).sendCommand(key, false, args, options);
    if (kind === "sentinel") return (client as Sentinel).sendCommand(false, args, options);
    return plain.sendCommand(args, options);
  };
  return {
    call: async (command, signal) => {
      const typeMapping = { [STRING]: Buffer };
      return send([...command], { typeMapping, abortSignal: signal, returnBuffers: true, signal });
    },
    obstacle: () =>
      plain.isOpen === false ? "The client is not connected: call `await client.connect()` at start" : undefined,
    ...(kind === "client" ? { countConnections: () => countReady(plain) } : {}),
  };
}

function kindOf(client: object): "client" | "pool" | "sentinel" | "cluster" {
  if ("masters" in client && "slots" in client) return "cluster";
  if ("getSentinelNode" in client) return "sentinel";
  return "totalClients" in client ? "pool" : "client";
}
