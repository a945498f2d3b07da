import { StoreError } from "@turnpike/core";
import type { Send } from "./operations.js";
import { readText } from "./replies.js";

/**
 * Waits until so many replicas have what the connection wrote.
 * @param connections counts the client's connections: on another one Redis would not know what to wait for, and say yes
 * @param limit milliseconds
 */
export async function awaitReplicas(
  send: Send,
  connections: () => number,
  replicas: number,
  limit: number,
): Promise<void> {
  const before = connections();
  const reached = Number(readText(await send(["WAIT", String(replicas), String(limit)])));
  if (reached >= replicas && connections() === before) return;
  throw new StoreError(
    "store_not_replicated",
    `Fewer than ${replicas} replicas confirmed the record. The write may be lost if Redis fails over`,
  );
}
