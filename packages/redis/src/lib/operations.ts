import { StoreError } from "@turnpike/core";
import type { Command, Commands } from "./commands.js";

/** Sends one command of an operation. */
export type Send = (command: Command) => Promise<unknown>;

/** Does one operation within its time. Rejects with StoreErrors only. */
export type Operate = <T>(work: (send: Send) => Promise<T>) => Promise<T>;

/** Operations beyond their time, and still without an end, after which others are refused at once. */
const MOST_OVERDUE = 100;

/** @param limit milliseconds for one operation */
export function limitOperations(commands: Commands, limit: number): Operate {
  let current = 0;
  let overdue = 0;
  return (work) => {
    const obstacle = commands.obstacle();
    if (obstacle !== undefined) return Promise.reject(new StoreError("store_unavailable", obstacle));
    // A client may keep what it cannot send for as long as Redis is away. One operation at a time finds out whether it is back.
    if (overdue >= MOST_OVERDUE && current > 0) {
      return Promise.reject(new StoreError("store_unavailable", "Redis has not responded for some time"));
    }
    return new Promise((resolve, reject) => {
      const controller = new AbortController();
      const { signal } = controller;
      const expire = () => {
        current--;
        overdue++;
        controller.abort();
        const message = `Redis did not respond within ${limit} ms. The write may still happen`;
        reject(new StoreError("store_timeout", message));
      };
      const timer = setTimeout(expire, limit);
      const end = () => {
        if (signal.aborted) overdue--;
        else current--;
        clearTimeout(timer);
      };
      current++;
      // The effect of a command that is sent too late would go unnoticed.
      const send: Send = async (command) => {
        if (signal.aborted) throw new StoreError("store_timeout", "The time limit has passed");
        return commands.call(command, signal);
      };
      work(send).then(
        (value) => {
          end();
          resolve(value);
        },
        (error: unknown) => {
          end();
          reject(toStoreError(error));
        },
      );
    });
  };
}

/** The clients' own errors may carry the whole command, and with it a payment's signature. */
function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { message = "", code = "" } = (error ?? {}) as { message?: unknown; code?: unknown };
  const [said = ""] = String(message || code).split(/\n|, with args/);
  return new StoreError("store_unavailable", "Redis failed", { cause: new Error(said.slice(0, 200)) });
}
