import { checkConfigShape } from "../config/shape.js";
import type { FacilitatorInput, PaywallConfig, RoutePrice, SharedOptions } from "../config.js";
import { ConfigError, type ConfigProblem } from "../errors.js";
import { httpFacilitator } from "../facilitator/http.js";
import { createPool, type FacilitatorTimeouts } from "../facilitator/pool.js";
import type { Facilitator } from "../facilitator/types.js";
import { createLedger } from "../ledger/ledger.js";
import { checkDefinitions, createRegistry, type Registry } from "../pricing/registry.js";
import { SCHEMES } from "../schemes/schemes.js";
import type { PricedRoute } from "../seam.js";
import { createReplyCache } from "./challenge.js";
import { compileRoute } from "./compile.js";
import { type Engine, sharedState } from "./engine.js";
import { createRoute } from "./route.js";

/** The engine: one set of networks, facilitators and payment records. Made by `createPaywall`. */
export interface Paywall {
  /**
   * The table of prices that the configuration held; read by the adapter that the engine is handed to. No more than an
   * object here: where a configuration may stand as well, its table alone then says what price functions get.
   */
  readonly routes?: object;
  /**
   * Compiles one route. `label` names it in records and answers, for example `GET /weather`; without one, records name the path.
   * @throws ConfigError with every problem of the route
   */
  price<Raw>(price: RoutePrice<Raw>, label?: string): PricedRoute<Raw>;
}

/** An engine as far as its configuration allows, with what is wrong with it. */
export interface OpenedPaywall {
  readonly paywall: Paywall;
  readonly problems: readonly ConfigProblem[];
  /** Compiles one route, reporting into `problems` instead of throwing; nothing if it has any. */
  compile<Raw>(
    price: RoutePrice<Raw>,
    label: string,
    path: string,
    problems: ConfigProblem[],
  ): PricedRoute<Raw> | undefined;
}

const VERIFY_TIMEOUT = 5_000;
const SETTLE_TIMEOUT = 30_000;

/**
 * Makes the engine of an app. Nothing is contacted before the first priced request.
 * @throws ConfigError that lists everything that is wrong with the configuration
 */
export function createPaywall<Raw = unknown>(config: PaywallConfig<Raw>): Paywall {
  const { paywall, problems } = openPaywall(config);
  if (problems.length > 0) throw new ConfigError(problems);
  return paywall;
}

/**
 * Compiles the price of one route, for the form of an adapter that stands on the route itself.
 * @throws ConfigError that lists everything that is wrong with the configuration and the price
 */
export function priceRoute<Raw>(source: PaywallConfig<Raw> | Paywall, price: RoutePrice<Raw>): PricedRoute<Raw> {
  const { problems, compile } = openPaywall(source);
  const found = [...problems];
  const route = compile(price, "", "route", found);
  if (!route || found.length > 0) throw new ConfigError(found);
  return route;
}

const opened = new WeakMap<object, OpenedPaywall>();

/** The engine of a configuration or of `createPaywall`; the same object gives the same engine. */
export function openPaywall<Raw>(source: PaywallConfig<Raw> | Paywall): OpenedPaywall {
  const isObject = typeof source === "object" && source !== null;
  const known = isObject ? opened.get(source) : undefined;
  if (known) return known;
  const made = open(source as PaywallConfig<Raw>);
  if (isObject) opened.set(source, made);
  opened.set(made.paywall, made);
  return made;
}

function open<Raw>(config: PaywallConfig<Raw>): OpenedPaywall {
  const problems: ConfigProblem[] = checkConfigShape(config);
  const sound = withoutFaults(config, problems);
  const { networks = [], tokens = [] } = sound;
  problems.push(...checkDefinitions(networks, tokens).map((problem) => ({ code: "invalid_definition", ...problem })));
  const registry = createRegistry(networks, tokens);
  const timeouts = readTimeouts(sound.facilitatorTimeout);
  const shared = sharedState();
  const engine: Engine = {
    registry,
    schemes: [...(sound.schemes ?? []), ...SCHEMES],
    pool: createPool(openFacilitators(sound, registry, problems), timeouts),
    ownFacilitators: sound.facilitator !== undefined,
    ledger: createLedger(sound.store ?? shared.store),
    origin: sound.origin,
    verifyTimeout: timeouts.verify,
    replies: createReplyCache(),
    shared,
  };
  const defaults = pickShared(sound);
  const compile: OpenedPaywall["compile"] = (price, label, path, into) => {
    const terms = compileRoute(price, label, path, { engine, defaults, problems: into });
    return terms && createRoute(engine, terms);
  };
  if (sound.network !== undefined) checkDefaults(engine, defaults, problems);
  const paywall: Paywall = {
    ...(sound.routes ? { routes: sound.routes } : {}),
    price: (price, label = "") => {
      const found: ConfigProblem[] = [];
      const route = compile(price, label, label || "route", found);
      if (!route) throw new ConfigError(found);
      return route;
    },
  };
  return { paywall, problems, compile };
}

/** What would be wrong with any route that inherits the networks of the configuration, whatever its price. */
function checkDefaults(engine: Engine, defaults: SharedOptions, problems: ConfigProblem[]): void {
  const found: ConfigProblem[] = [];
  compileRoute("$1", "", "", { engine, defaults, problems: found });
  problems.push(...found.filter(({ path }) => ["network", "facilitator", "payTo"].includes(path)));
}

/** The facilitators named, or the public ones of test networks. */
function openFacilitators<Raw>(
  config: PaywallConfig<Raw>,
  registry: Registry,
  problems: ConfigProblem[],
): Facilitator[] {
  const facilitators: Facilitator[] = [];
  for (const input of facilitatorInputs(config as PaywallConfig<never>, registry)) {
    try {
      facilitators.push(typeof input === "string" ? httpFacilitator(input) : input);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
    }
  }
  return facilitators;
}

function facilitatorInputs({ facilitator }: PaywallConfig<never>, registry: Registry): readonly FacilitatorInput[] {
  if (facilitator === undefined) return [...new Set(registry.networks.flatMap((network) => network.facilitator ?? []))];
  return Array.isArray(facilitator) ? (facilitator as FacilitatorInput[]) : [facilitator as FacilitatorInput];
}

/** The configuration without the options that have a fault, so that the rest is checked at the same start. */
function withoutFaults<Raw>(config: PaywallConfig<Raw>, problems: readonly ConfigProblem[]): PaywallConfig<Raw> {
  if (typeof config !== "object" || config === null) return {};
  const faulty = new Set(problems.map(({ path }) => path.split(".", 1)[0]));
  return Object.fromEntries(Object.entries(config).filter(([option]) => !faulty.has(option))) as PaywallConfig<Raw>;
}

function readTimeouts(given: PaywallConfig["facilitatorTimeout"]): FacilitatorTimeouts {
  const limits = typeof given === "number" ? { verify: given, settle: given, supported: given } : given;
  const verify = limits?.verify ?? VERIFY_TIMEOUT;
  return { verify, settle: limits?.settle ?? SETTLE_TIMEOUT, supported: limits?.supported ?? verify };
}

/** The defaults that routes take over. */
function pickShared<Raw>(config: PaywallConfig<Raw>): SharedOptions {
  const {
    facilitator: _1,
    facilitatorTimeout: _2,
    origin: _3,
    store: _4,
    networks: _5,
    tokens: _6,
    schemes: _7,
    routes: _8,
    ...shared
  } = config;
  return shared;
}
