import { ConfigError } from "@turnpike/core";
import { type AnySource, internalReply, type Reply, reportFault } from "@turnpike/core/adapter";
import { headers } from "next/headers.js";
import type { NextRequest } from "next/server.js";

/** What the price of a route was made of. */
export type Source = AnySource<NextRequest>;

/**
 * The response of a route file with `dynamic = "force-static"`: Next gives its handlers a request without a single field, so
 * it could never be paid for. `undefined` for every other route.
 */
export async function refuseStatic(request: Request, source: Source): Promise<Reply | undefined> {
  if (!isEmpty(request.headers) || !(await isEmptied())) return undefined;
  const message = 'A route with a price cannot be static: remove `dynamic = "force-static"` from its file.';
  const { pathname } = new URL(request.url);
  reportFault(source, new ConfigError([{ code: "static_route", path: pathname, message }]));
  return internalReply("static_route", message);
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
