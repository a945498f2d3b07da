import {
  optionsReply,
  type PaywallSource,
  priceRoute,
  type RouteOptions,
  type RoutePrice,
} from "@turnpike/core/adapter";
import { fetchRequest, toResponse } from "@turnpike/core/fetch";
import { type NextFetchEvent, type NextRequest, NextResponse } from "next/server.js";
import { factsOf, type NextOptions } from "./gate.js";
import { keepVary, watchResponses } from "./vary.js";

/**
 * The function of a `proxy.ts` (`middleware.ts` before Next 16) that prices pages: every request that Next's
 * `config.matcher` sends to it, with any method except `OPTIONS`, which it responds to itself. Pages, server actions,
 * RSC and prefetch requests are all priced.
 *
 * It settles before the page is rendered, since a proxy does not see the page's response or whether it reached the
 * client. So the payment stays owed: sent again, it gets the same page again, within the engine's limits for owed
 * deliveries. Make sure that `config.matcher` covers every path of the page; it cannot be checked here. An app of the
 * Pages Router with `i18n` has one extra path and needs one extra entry:
 * `{ source: "/:lang/_next/data/:path*", locale: false }`.
 * @throws ConfigError that lists everything that is wrong with the configuration or the price
 */
export function paidProxy<Own extends string = never>(
  source: PaywallSource<NextRequest, Own, "methods">,
  price: RoutePrice<NextRequest, NoInfer<Own>>,
  options: NextOptions = {},
): (request: NextRequest, event?: NextFetchEvent) => Promise<Response> {
  const route = priceRoute<NextRequest>(source, settledBefore(price));
  watchResponses();
  return async (request, event) => {
    // Free, but never passed on: an API route of the Pages Router has one handler for every method, and pages respond with 400.
    if (request.method === "OPTIONS") return toResponse(optionsReply(), request.method);
    const decision = await route.admit(fetchRequest(request, request, factsOf(request, options)));
    if (decision.type === "reply") return toResponse(decision.reply, request.method);
    if (decision.type === "pass") return NextResponse.next();
    const { ticket } = decision;
    const conclusion = await ticket.conclude({ status: 200, aborted: false, whole: false, headers: () => [] });
    const written = ticket.delivered(false);
    event?.waitUntil(written);
    if (conclusion.type === "replace") return toResponse(conclusion.reply, request.method);
    keepVary(conclusion.set.flatMap(([name, value]) => (name.toLowerCase() === "vary" ? [value] : [])));
    return NextResponse.next({ headers: conclusion.set });
  };
}

function settledBefore(price: RoutePrice<NextRequest, string>): RouteOptions<NextRequest, string> {
  const options = typeof price === "object" && "price" in price ? price : { price };
  return { ...options, settle: "before" };
}
