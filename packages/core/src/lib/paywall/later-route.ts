import { type Asked, askOnce } from "../asked.js";
import type { PayToAddress, RouteOptions, RoutePrice, SharedOptions } from "../config.js";
import { ConfigError, type ConfigProblem } from "../errors.js";
import type { Facilitator } from "../facilitator/types.js";
import type { Awaitable, Decision, PaywallRequest, PricedRoute } from "../seam.js";
import { compileRoute, normalize } from "./compile.js";
import type { Engine, RouteTerms } from "./engine.js";
import { internalReply, MISCONFIGURED } from "./replies.js";
import { createRoute } from "./route.js";
import { routeName } from "./route-name.js";

/** Makes a route of its terms. @param price what they were compiled of, with its label and its place in the configuration */
export type OpenRoute = <Raw>(
  terms: RouteTerms<Raw>,
  price: RoutePrice<Raw, string>,
  label: string,
  path: string,
) => PricedRoute<Raw>;

/**
 * Opens the routes of an engine: at once, or at their first request where a recipient or a facilitator's keys are functions,
 * which are not asked while an app is built.
 */
export function createOpener(
  engine: Engine,
  defaults: SharedOptions<string>,
  facilitators: readonly Facilitator[],
): OpenRoute {
  const unready = facilitators.filter(({ ready }) => ready);
  const recipients = new WeakMap<object, Asked<PayToAddress | undefined>>();
  const prepare = async <Raw>(...[terms, price, label, path]: Parameters<OpenRoute>): Promise<PricedRoute<Raw>> => {
    await Promise.all(unready.map((facilitator) => facilitator.ready?.()));
    const { payTo: ask } = terms;
    if (!ask) return createRoute(engine, terms as RouteTerms<Raw>);
    const asked = recipients.get(ask) ?? askOnce(ask);
    recipients.set(ask, asked);
    const problems: ConfigProblem[] = [];
    const own = { ...normalize(price), payTo: await asked.value() } as RouteOptions<Raw, string>;
    const whole = compileRoute(own, label, path, { engine, defaults, problems });
    if (whole && !whole.payTo && problems.length === 0) return createRoute(engine, whole);
    asked.forget();
    if (whole?.payTo) {
      const message = "the function must return an address, or an object of addresses by network";
      problems.push({ code: "invalid_pay_to", path: `${path}.payTo`, message });
    }
    throw new ConfigError(problems);
  };
  return (terms, price, label, path) => {
    if (!terms.payTo && unready.length === 0) return createRoute(engine, terms);
    return laterRoute(engine, terms, () => prepare(terms as never, price as never, label, path));
  };
}

/** The first request asks for what is missing. While that fails, every request is denied and the next one asks again. */
function laterRoute<Raw>(
  { reporter }: Engine,
  terms: RouteTerms<Raw>,
  prepare: () => Promise<PricedRoute<Raw>>,
): PricedRoute<Raw> {
  let ready: PricedRoute<Raw> | undefined;
  let preparing: Promise<PricedRoute<Raw>> | undefined;
  const open = async (request: PaywallRequest<Raw>): Promise<Decision> => {
    try {
      preparing ??= prepare().finally(() => {
        preparing = undefined;
      });
      ready = await preparing;
    } catch (error) {
      const reply = internalReply("setting_unavailable", MISCONFIGURED, error);
      if (reply.fault) reporter.fault(routeName(terms, request), reply.fault);
      return { type: "reply", reply };
    }
    return ready.admit(request);
  };
  return { admit: (request): Awaitable<Decision> => (ready ? ready.admit(request) : open(request)) };
}
