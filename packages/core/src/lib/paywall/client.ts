import type { Logger } from "../config.js";
import { pageOf } from "../pages.js";
import { warnProcess } from "../process.js";
import { quietly } from "../quietly.js";
import type { PaywallRequest } from "../seam.js";

/** Tells clients apart by their addresses, as far as these tell anything. */
export interface Clients {
  /**
   * The client that a request counts for: its address, of IPv6 the first 64 bits. `undefined` if no address is known, or if
   * it is the address of a proxy that the app does not know about: then all clients would share it.
   */
  of(request: Pick<PaywallRequest, "address" | "header">): string | undefined;
  /** Only warns, if there is something to warn of. Never throws, as the seller's own `address` may. */
  look(request: Pick<PaywallRequest, "address" | "header">): void;
}

/** Fields that proxies add. */
const FORWARDING = [
  "x-forwarded-for",
  "forwarded",
  "via",
  "x-real-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-original-forwarded-for",
  "x-envoy-external-address",
  "x-forwarded",
  "forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-port",
  "true-client-ip",
  "cf-connecting-ip",
  "fastly-client-ip",
  "fly-client-ip",
];

/** Of one engine. It warns once of a proxy that the app does not know about. */
export function createClients(logger: Logger | undefined): Clients {
  let warned = false;
  const of: Clients["of"] = (request) => {
    const address = plain(request.address());
    if (address === undefined || address === "") return undefined;
    if (!isPrivate(address) || !isForwarded(request, address)) return network(address);
    if (!warned) {
      warned = true;
      warn(logger);
    }
    return undefined;
  };
  return {
    of,
    look: (request) => {
      if (warned) return;
      try {
        of(request);
      } catch {
        // It is asked again with the first payment, which is refused then.
      }
    },
  };
}

function warn(logger: Logger | undefined): void {
  const message =
    "The app seems to be behind a proxy that it does not trust: requests carry forwarding headers, and all come from one private address. Limits by address are off for them, and offers may name the proxy's inner URL. Set `trust proxy` (Express), `trustProxy` (Fastify) or the option `address` (Hono, Next.js), and `origin` in the configuration: " +
    pageOf("payments.md#limits-on-payments-that-fail");
  const code = "TURNPIKE_PROXY";
  if (logger) quietly(() => logger.warn(message, { code }));
  else warnProcess(message, code);
}

/** An address without brackets, port and zone; IPv4 inside IPv6 as IPv4. */
function plain(address: string | undefined): string | undefined {
  const text = address?.trim().toLowerCase().replace(/^"|"$/g, "");
  if (text === undefined) return undefined;
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1];
  const bare = (bracketed ?? text.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1")).split("%", 1)[0] ?? "";
  const mapped = /^(?:0*:)*:?ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1];
  if (mapped) return mapped;
  const words = /^(?:0*:)*:?ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(bare);
  if (!words) return bare;
  const [high, low] = [Number.parseInt(words[1] as string, 16), Number.parseInt(words[2] as string, 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** Loopback, private, shared by a carrier, or of one link: where proxies talk to apps. */
function isPrivate(address: string): boolean {
  const parts = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(address);
  if (parts) {
    const [a, b] = [Number(parts[1]), Number(parts[2])];
    if (a === 10 || a === 127) return true;
    return (
      (a === 172 && b >= 16 && b < 32) ||
      (a === 192 && b === 168) ||
      (a === 100 && b >= 64 && b < 128) ||
      (a === 169 && b === 254)
    );
  }
  const [first, ...rest] = words(address);
  if (first === undefined) return false;
  if ((first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfe80) return true;
  return first === 0 && rest.slice(0, -1).every((word) => word === 0) && rest.at(-1) === 1;
}

/**
 * Whether a proxy has passed the request on without the app knowing. Where the address is the last one that was forwarded,
 * the app has taken it from there: then it is a client's own.
 */
function isForwarded(request: Pick<PaywallRequest, "header">, address: string): boolean {
  const forwarded = request.header("x-forwarded-for");
  if (forwarded !== undefined) return plain(forwarded.slice(forwarded.lastIndexOf(",") + 1)) !== address;
  return FORWARDING.some((name) => request.header(name) !== undefined);
}

/** The eight words of an IPv6 address. */
function words(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const start = head === "" ? [] : head.split(":");
  const end = tail === undefined || tail === "" ? [] : tail.split(":");
  const gap = tail === undefined ? 0 : Math.max(0, 8 - start.length - end.length);
  return [...start, ...Array<string>(gap).fill("0"), ...end].map((word) => Number.parseInt(word, 16) || 0);
}

/** A client with one IPv6 address has 2^64 of them. */
function network(address: string): string {
  if (!address.includes(":")) return address;
  return words(address)
    .slice(0, 4)
    .map((word) => word.toString(16))
    .join(":");
}
