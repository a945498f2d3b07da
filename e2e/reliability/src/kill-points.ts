import { appendFileSync } from "node:fs";
import { type Facilitator, httpFacilitator, type Store, type StoredPayment } from "@turnpike/core";

/**
 * Points of a payment's life at which this process may be made to kill itself: ahead of and behind every write to the
 * store and every call to the facilitator, the handler's beginning and end, and the answer's last byte.
 */
export interface KillPoints {
  reach(point: string): void;
  store(store: Store): Store;
  facilitator(url: string): Facilitator;
}

/**
 * @param fatal the point that kills; nothing if empty
 * @param trace a file that gets the name of each point as it is reached
 */
export function killPoints(fatal: string | undefined, trace: string | undefined): KillPoints {
  const reach = (point: string): void => {
    if (trace) appendFileSync(trace, `${point}\n`);
    if (point !== fatal) return;
    process.kill(process.pid, "SIGKILL");
    // The signal is on its way; nothing more may happen.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
  };
  const around = async <T>(point: string, run: () => T | Promise<T>): Promise<T> => {
    reach(`${point} before`);
    const outcome = await run();
    reach(`${point} after`);
    return outcome;
  };
  const name = ({ id, state }: StoredPayment) => `${id.includes("#") ? "attempt" : "payment"} ${state}`;
  return {
    reach,
    store: (store) => ({
      ...store,
      insert: (record, lease) => around(`insert ${name(record)}`, () => store.insert(record, lease)),
      replace: (record, version, lease, answer) =>
        around(`write ${name(record)}`, () => store.replace(record, version, lease, answer)),
    }),
    facilitator: (url) => {
      const facilitator = httpFacilitator(url);
      return {
        ...facilitator,
        verify: (request, options) => around("verify", () => facilitator.verify(request, options)),
        settle: (request, options) => around("settle", () => facilitator.settle(request, options)),
      };
    },
  };
}
