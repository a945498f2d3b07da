import { internalReply, type Reply } from "@turnpike/core/adapter";
import { headers } from "next/headers.js";

/**
 * The response of a route file with `dynamic = "force-static"`: Next gives its handlers a request without a single field, so
 * nobody could ever pay. `undefined` for every other route.
 */
export async function refuseStatic(request: Request): Promise<Reply | undefined> {
  if (!isEmpty(request.headers) || !(await isEmptied())) return undefined;
  const detail = 'A route with a price cannot be static: remove `dynamic = "force-static"` from its file.';
  // biome-ignore lint/suspicious/noConsole: Next shows it among the messages of its build and its server
  console.error(`[static_route] ${new URL(request.url).pathname}: ${detail}`);
  return internalReply("static_route", detail);
}

/** Whether Next has emptied the request of this route. Outside Next, in a seller's unit test, a request may have no fields. */
async function isEmptied(): Promise<boolean> {
  try {
    return isEmpty(await headers());
  } catch {
    return false;
  }
}

function isEmpty(fields: { keys(): Iterator<string> }): boolean {
  return fields.keys().next().done === true;
}
