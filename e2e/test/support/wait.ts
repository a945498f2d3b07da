import { setTimeout as sleep } from "node:timers/promises";

/** Asks again and again; false if it never came true in time. */
export async function waitUntil(check: () => Promise<boolean>, timeout = 60_000): Promise<boolean> {
  const end = Date.now() + timeout;
  while (Date.now() < end) {
    if (await check()) return true;
    await sleep(20);
  }
  return false;
}
