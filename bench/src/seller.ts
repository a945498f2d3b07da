import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { answer } from "./conversation.js";
import { cpuTime } from "./measure.js";

/** Whose paywall a server has in front of its routes. */
export type Side = "bare" | "ours" | "official";

/** What a server is started with: the side, how many routes the table has, and an HTTP facilitator's URL if any. */
export function readArguments(): { side: Side; count: number; facilitator: string | undefined } {
  const [side, count, facilitator] = process.argv.slice(2);
  return { side: side as Side, count: Number(count), facilitator };
}

/** Milliseconds between two looks at the memory. */
const LOOK = 5;

/** Tells where the server listens, and from then on what it has used. */
export function announce(server: Server): void {
  server.keepAliveTimeout = 60_000;
  const { port } = server.address() as AddressInfo;
  let peak = 0;
  let watch: NodeJS.Timeout | undefined;
  const look = () => {
    peak = Math.max(peak, process.memoryUsage.rss());
  };
  answer(
    {
      cpu: cpuTime,
      /** From here on, the highest resident memory is kept. */
      watch: () => {
        globalThis.gc?.();
        peak = 0;
        look();
        watch = setInterval(look, LOOK);
        return peak;
      },
      peak: () => {
        clearInterval(watch);
        look();
        return peak;
      },
    },
    { port },
  );
}
