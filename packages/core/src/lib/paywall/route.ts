import { HEADERS } from "../protocol/header.js";
import { canonicalKey } from "../protocol/json.js";
import type { Awaitable, Decision, Payment, PaywallRequest, PricedRoute, Reply, Ticket } from "../seam.js";
import { refusedReply, type Terms, unpaidReply } from "./challenge.js";
import type { Admission, Engine, RouteTerms } from "./engine.js";
import type { Offer } from "./offer.js";
import { prefersHtml } from "./page.js";
import { readPayment } from "./present.js";
import { problemReply } from "./problem.js";
import { detachedReply, facilitatorReply, internalReply, MISCONFIGURED } from "./replies.js";
import { resourceUrl, targetOf } from "./resource-url.js";
import { routeName } from "./route-name.js";
import { completeTerms, pricedMethod } from "./terms.js";

/** Numbers the routes, so that they can share one cache of kept responses. */
let routes = 0;

/** A priced route in use. The unpaid response of a fixed price is made once for each URL and kept. */
export function createRoute<Raw>(engine: Engine, route: RouteTerms<Raw>): PricedRoute<Raw> {
  const fixed = typeof route.offers === "function" ? undefined : keepTerms(engine, route, route.offers);
  const keepable = fixed !== undefined && typeof route.preview !== "function";
  const number = ++routes;

  /** The kept response to an unpaid request. */
  const challenge = (request: PaywallRequest<Raw>, url: string, terms: Terms): Reply => {
    const form = prefersHtml(request.header("accept")) ? "page" : "json";
    const key = `${number} ${engine.pool.version} ${form} ${pricedMethod(request)}`;
    return engine.replies.get(url, key, () => {
      // Offers may name a proxy's inner URL, which is warned of.
      engine.clients.look(request);
      return unpaidReply(route, terms, url, request, route.preview);
    });
  };

  const decide = async (request: PaywallRequest<Raw>, url: string): Promise<Decision> => {
    const offers = typeof route.offers === "function" ? await route.offers(request.raw) : route.offers;
    if ("status" in offers) return answer(request, offers);
    const earlier = admission(engine, request, offers);
    if (earlier) return "type" in earlier ? earlier : answer(request, earlier);
    let terms: Terms;
    try {
      terms =
        (await fixed?.get(pricedMethod(request))) ??
        (await completeTerms(engine, route, offers, pricedMethod(request)));
    } catch (error) {
      return answer(request, facilitatorReply(error));
    }
    const payload = readPayment(request);
    if (payload === undefined) {
      if (keepable) return answer(request, challenge(request, url, terms));
      const preview = typeof route.preview === "function" ? await route.preview(request.raw) : route.preview;
      return answer(request, unpaidReply(route, terms, url, request, preview));
    }
    if ("refused" in payload) return answer(request, refusedReply(route, terms, url, payload.refused));
    const { admitPayment, createTicket, grantTicket } = await loadLife();
    const name = routeName(route, request);
    const paid = { engine, route, terms, request, url, payload, routeName: name };
    const admitted = await underWay(engine, admitPayment(paid));
    if (admitted !== "granted" && "status" in admitted) return answer(request, admitted);
    const granted = admitted === "granted";
    const ticket = watched(granted ? grantTicket(route) : createTicket(engine, route, request, admitted), name);
    remember(engine, route, request, offers, ticket.payment);
    return { type: "admit", ticket };
  };

  /** Each fault on the seller's side is reported where its response is sent, once. */
  const watched = (ticket: Ticket, name: string): Ticket => ({
    ...ticket,
    conclude: async (outcome) => {
      const conclusion = await ticket.conclude(outcome);
      const fault = conclusion.type === "replace" ? conclusion.reply.fault : undefined;
      if (fault) engine.reporter.fault(name, fault);
      return conclusion;
    },
  });
  const answer = (request: PaywallRequest<Raw>, reply: Reply): Decision => {
    if (reply.fault) engine.reporter.fault(routeName(route, request), reply.fault);
    return { type: "reply", reply };
  };

  return {
    admit: (request): Awaitable<Decision> => {
      try {
        const resource = resourceUrl(request.url(), engine.origin);
        if ("problem" in resource) return answer(request, badUrl(resource.problem));
        if (request.detached === "refuse") return answer(request, detachedReply());
        const { url } = resource;
        // The common case without a Promise: nothing was paid, and the price is fixed and known.
        const terms = keepable ? fixed?.peek(pricedMethod(request)) : undefined;
        if (terms && request.header(HEADERS.signature) === undefined && !isAdmitted(engine, request)) {
          return answer(request, challenge(request, url, terms));
        }
        return decide(request, url).catch((error: unknown) => answer(request, failed(error)));
      } catch (error) {
        return answer(request, failed(error));
      }
    },
  };
}

type Life = Pick<typeof import("./admit.js"), "admitPayment"> &
  Pick<typeof import("./ticket.js"), "createTicket"> &
  Pick<typeof import("./grant.js"), "grantTicket">;
let life: Promise<Life> | undefined;

/** What unpaid requests never need is loaded with the first payment: edge runtimes count what loads at once. */
function loadLife(): Promise<Life> {
  life ??= Promise.all([import("./admit.js"), import("./ticket.js"), import("./grant.js")]).then(
    ([{ admitPayment }, { createTicket }, { grantTicket }]) => ({ admitPayment, createTicket, grantTicket }),
  );
  life.catch(() => {
    life = undefined;
  });
  return life;
}

/** Remembers work on a payment until it has ended: a process waits for it before it ends. */
async function underWay<T>({ open }: Engine, work: Promise<T>): Promise<T> {
  open.add(work);
  try {
    return await work;
  } finally {
    open.delete(work);
  }
}

/** Terms of a fixed price by method, until a facilitator changes what it supports. */
function keepTerms<Raw>(engine: Engine, route: RouteTerms<Raw>, offers: readonly Offer[]) {
  const kept = new Map<string, Terms>();
  let version = -1;
  const peek = (method: string): Terms | undefined => {
    if (version === engine.pool.version) return kept.get(method);
    kept.clear();
    version = engine.pool.version;
    return undefined;
  };
  const get = async (method: string): Promise<Terms> => {
    const found = peek(method);
    if (found) return found;
    const terms = await completeTerms(engine, route, offers, method);
    peek(method);
    if (kept.size < 16) kept.set(method, terms);
    return terms;
  };
  return { peek, get };
}

/** Remembers a request that may run its handler, as it is now: `requirePaid` asks whether it still is. */
function remember<Raw>(
  engine: Engine,
  route: RouteTerms<Raw>,
  request: PaywallRequest<Raw>,
  offers: readonly Offer[],
  payment: Payment | undefined,
): void {
  if (!isObject(request.raw)) return;
  const { method } = request;
  const target = routedTo(request);
  const admission: Admission = {
    price: priceOf(offers),
    label: route.label,
    ...(payment ? { payment } : {}),
    changed: () => {
      if (request.method !== method) return `its method was ${method}`;
      return routedTo(request) === target ? undefined : "its URL was another";
    },
    costs: (price) =>
      offers.some(
        ({ requirements }) =>
          route.costs(price, requirements) &&
          (!payment || (payment.network === requirements.network && payment.asset === requirements.asset)),
      ),
  };
  engine.shared.admitted.set(request.raw, admission);
}

function routedTo<Raw>(request: PaywallRequest<Raw>): string {
  return request.routed?.() ?? targetOf(request.url());
}

/** The request passed a paywall before: the same price is not asked twice, and another is a seller's mistake. */
function admission<Raw>(
  engine: Engine,
  request: PaywallRequest<Raw>,
  offers: readonly Offer[],
): Extract<Decision, { type: "pass" }> | Reply | undefined {
  const earlier = isObject(request.raw) ? engine.shared.admitted.get(request.raw) : undefined;
  if (!earlier) return undefined;
  if (earlier.price === priceOf(offers) && !earlier.changed())
    return { type: "pass", ...(earlier.payment ? { payment: earlier.payment } : {}) };
  const error = new Error("Two paywalls ask different prices for one request: keep one of them");
  return internalReply("priced_twice", MISCONFIGURED, error);
}

function isAdmitted<Raw>(engine: Engine, { raw }: PaywallRequest<Raw>): boolean {
  return isObject(raw) && engine.shared.admitted.has(raw);
}

function priceOf(offers: readonly Offer[]): string {
  return offers.map(({ requirements }) => canonicalKey(requirements)).join(" ");
}

function badUrl(problem: "invalid_host" | "url_too_long"): Reply {
  return problem === "invalid_host"
    ? problemReply({ status: 400, code: problem, detail: "The Host header is not a valid host." })
    : problemReply({ status: 414, code: problem, detail: "The path is too long." });
}

function failed(error: unknown): Reply {
  return internalReply("internal_error", "The payment could not be processed.", error);
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
