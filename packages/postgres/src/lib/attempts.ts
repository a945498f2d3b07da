import { StoreError } from "@turnpike/core";
import { codeOf, isUndone, toStoreError } from "./failure.js";
import type { Deadline } from "./queries.js";

/**
 * Waits for an operation no longer than it may take. Rejects with StoreErrors only.
 * @param limit milliseconds
 */
export function limited<T>(limit: number, operation: (deadline: Deadline) => Promise<T>): Promise<T> {
  const deadline = { passed: false };
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      deadline.passed = true;
      const message = `PostgreSQL did not respond within ${limit} ms. The write may still happen`;
      reject(new StoreError("store_timeout", message));
    }, limit);
    operation(deadline).then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(toStoreError(error));
      },
    );
  });
}

/**
 * Repeats a statement that the server undid because of others. Under READ COMMITTED that is rare; under a stricter
 * default of the database's it is what losing a race looks like, and only the repetition tells what is there now.
 * @param also SQLSTATEs upon which to try again besides
 */
export async function repeated<T>(deadline: Deadline, statement: () => Promise<T>, also: readonly string[] = []) {
  for (let pause = 1; ; pause = Math.min(pause * 2, 64)) {
    try {
      return await statement();
    } catch (error) {
      if (deadline.passed || !(isUndone(error) || also.includes(codeOf(error) ?? ""))) throw error;
    }
    // Those that met do not meet again if they come back at different times.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * pause));
  }
}
