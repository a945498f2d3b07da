import { cookies } from "next/headers.js";

/** Where Next keeps the cookies that a handler has set by `cookies()`; it adds them to whatever the handler answers. */
const MUTATED = Symbol.for("next.mutated.cookies");

/** Drops the cookies of a handler whose answer is not sent. They may be what was for sale. */
export async function dropCookies(): Promise<void> {
  // Outside Next, in a seller's unit test for example, there are none.
  const jar = (await Promise.resolve()
    .then(cookies)
    .catch(() => undefined)) as { [MUTATED]?: unknown } | undefined;
  const set = jar?.[MUTATED];
  if (Array.isArray(set)) set.length = 0;
}
