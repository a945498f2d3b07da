import type { Awaitable, Payment, PricedRoute } from "@turnpike/core/adapter";
import {
  drainRequest,
  fetchRequest,
  holdResponse,
  type RequestFacts,
  sendReply,
  toResponse,
} from "@turnpike/core/fetch";
import type { NextRequest } from "next/server.js";
import { platformAddress } from "./address.js";
import { takenOff } from "./base-path.js";
import { dropCookies, withCookies } from "./cookies.js";
import { refuseStatic, type Source } from "./static-route.js";
import { answerOwed, answerRedirect } from "./thrown.js";
import { waitUntil } from "./wait-until.js";

/** What a paid handler's context has in addition to Next's members. */
export interface Paid {
  /** The payment of this request; absent if nothing had to be paid. */
  readonly payment?: Payment;
}

/** A route handler as Next calls it. */
export type RouteHandler<Req extends Request, Context> = (request: Req, context: Context) => Awaitable<Response>;

/** Options that Next cannot determine. */
export interface NextOptions {
  /**
   * The client's address from a source that you trust. @default the headers of Vercel and Netlify; unknown elsewhere
   */
  readonly address?: (request: NextRequest) => string | undefined;
  /**
   * The `basePath` of the app, so that offers contain the URL that the client requested. Needed only if this package is
   * not part of Next's build (`serverExternalPackages`). @default Next's own
   */
  readonly basePath?: string;
}

/** What the engine gets besides the request itself. */
export function factsOf(request: NextRequest, { address = platformAddress, basePath }: NextOptions): RequestFacts {
  return { address: () => address(request), upgrades: false, ...takenOff(request, basePath) };
}

/** A priced route, and what its price was made of. */
interface Gate {
  readonly route: PricedRoute<NextRequest>;
  readonly source: Source;
}

type Params = Promise<Record<string, string | string[] | undefined>> | undefined;

/** Runs a route handler once it is paid for. */
export async function admit<Req extends Request, Context>(
  { route, source }: Gate,
  request: Req,
  context: Context,
  handler: RouteHandler<Req, Context & Paid>,
  options: NextOptions,
): Promise<Response> {
  // Read here, where what Next throws gets through: this is how it learns that the response may never be prerendered.
  void request.headers;
  const raw = request as Request as NextRequest;
  const refusal = await refuseStatic(request, source);
  if (refusal) return toResponse(refusal, request.method);
  const params = readParams(await (context as { params?: Params } | undefined)?.params);
  const facts = { ...factsOf(raw, options), params: () => params };
  const decision = await route.admit(fetchRequest(request, raw, facts));
  if (decision.type === "reply") {
    drainRequest(request);
    // Next pipes whatever a handler returns.
    return sendReply(decision.reply, { method: request.method, signal: request.signal, piped: true, waitUntil });
  }

  const { payment } = decision.type === "admit" ? decision.ticket : decision;
  const run = () => handler(request, { ...context, ...(payment && { payment }) });
  if (decision.type === "pass") return run();
  const replaced: Promise<void>[] = [];
  const response = await holdResponse(() => answerRedirect(run, request), decision.ticket, {
    method: request.method,
    signal: request.signal,
    // Next pipes whatever a handler returns, and never sends a length.
    piped: true,
    over: () => drainRequest(request),
    waitUntil,
    fields: withCookies,
    reply: (reply) => {
      replaced.push(dropCookies());
      return toResponse(reply, request.method);
    },
    recover: answerOwed,
  });
  await Promise.all(replaced);
  return response;
}

/** Segments of a catch-all are one value to the engine. */
function readParams(params: Awaited<Params>): Record<string, string> {
  const entries = Object.entries(params ?? {});
  return Object.fromEntries(
    entries.map(([name, value = ""]) => [name, typeof value === "string" ? value : value.join("/")]),
  );
}
