import { checkConfigShape } from "../config/shape.js";
import type {
  AnyConfig,
  AnyTable,
  ConfigByRoute,
  FacilitatorInput,
  PaywallConfig,
  RoutePrice,
  SharedOptions,
} from "../config.js";
import { ConfigError, type ConfigProblem, StoreError } from "../errors.js";
import { httpFacilitator } from "../facilitator/http.js";
import { createPool, type FacilitatorTimeouts } from "../facilitator/pool.js";
import { turnsByNetwork } from "../facilitator/turns.js";
import type { Facilitator } from "../facilitator/types.js";
import { createLedger } from "../ledger/ledger.js";
import { isAttempt, MOVED, type PaymentState, publicRecord, type StoredPayment } from "../ledger/record.js";
import type { TableKeys } from "../prices.js";
import { checkDefinitions, createRegistry, type Registry } from "../pricing/registry.js";
import { findScheme, SCHEMES } from "../schemes/schemes.js";
import type { PricedRoute } from "../seam.js";
import { within } from "../within.js";
import { createReplyCache } from "./challenge.js";
import { createClients } from "./client.js";
import { compileRoute } from "./compile.js";
import { type Engine, sharedState } from "./engine.js";
import { createReporter, type Reporter } from "./events.js";
import { createOpener } from "./later-route.js";
import { createGuard, type Guard } from "./limits.js";
import { openLog } from "./log.js";
import { attemptName } from "./one-record.js";
import { createOpenAttempts, type OpenAttempts } from "./open-attempts.js";
import { openChains } from "./open-chains.js";
import type { Operator } from "./operator.js";
import { besideOwnTable } from "./own-table.js";
import type { RefundByHand } from "./refund.js";
import type { ByHand } from "./resolve-by-hand.js";
import { createRoom } from "./room.js";
import { rememberPrice } from "./same-price.js";
import { rememberLabel } from "./sold.js";
import { createStartWarnings } from "./start-warnings.js";
import { startUpkeep } from "./upkeep.js";

/**
 * The engine: one set of networks, facilitators and payment records. Made by `createPaywall`.
 * @typeParam Own names of networks added by its configuration
 */
export interface Paywall<Own extends string = never> extends Operator {
  /**
   * Compiles one route. `label` names it in records and responses (`GET /weather`); without one, records use the path.
   * @throws ConfigError that lists every problem of the route
   */
  price<Raw>(price: RoutePrice<Raw, Own>, label?: string): PricedRoute<Raw>;
}

/** What an adapter takes: a configuration, or an engine from `createPaywall`. */
export type PaywallSource<Raw = unknown, Own extends string = never, Keys extends keyof TableKeys = "paths"> =
  | ConfigByRoute<Raw, Own, Keys>
  | PaywallConfig<Raw, Own, Keys>
  | Paywall<Own>;

/** The same as the engine reads it. */
export type AnySource<Raw = unknown> = AnyConfig<Raw> | Paywall<string>;

/** An engine as far as its configuration allows, with what is wrong with it. */
export interface OpenedPaywall {
  readonly paywall: Paywall;
  readonly problems: readonly ConfigProblem[];
  readonly reporter: Reporter;
  /** The table of the configuration. */
  readonly routes: AnyTable<never> | undefined;
  /** Compiles one route, reporting into `problems` instead of throwing; nothing if it has any. */
  compile<Raw>(
    price: RoutePrice<Raw, string>,
    label: string,
    path: string,
    problems: ConfigProblem[],
  ): PricedRoute<Raw> | undefined;
}

const VERIFY_TIMEOUT = 5_000;
const SETTLE_TIMEOUT = 30_000;
/** Seconds between two looks at open payments. */
const RECONCILE = 5;

/**
 * Makes the engine of an app. Nothing is contacted before the first priced request.
 * @throws ConfigError that lists everything that is wrong with the configuration
 */
export function createPaywall<Raw = unknown, Own extends string = never>(
  config: ConfigByRoute<Raw, Own> | PaywallConfig<Raw, Own>,
): Paywall<Own> {
  const { paywall, problems } = openPaywall<Raw>(config);
  if (problems.length > 0) throw new ConfigError(problems);
  return paywall;
}

/** `createPaywall` for one framework, whose request is passed to price functions. */
export type CreatePaywall<Raw, Keys extends keyof TableKeys = "paths"> = <Own extends string = never>(
  config: ConfigByRoute<Raw, Own, Keys> | PaywallConfig<Raw, Own, Keys>,
) => Paywall<Own>;

/**
 * Compiles the price of one route, for the form of an adapter that stands on the route itself.
 * @throws ConfigError that lists everything that is wrong with the configuration and the price
 */
export function priceRoute<Raw>(source: AnySource<Raw>, price: RoutePrice<Raw, string>): PricedRoute<Raw> {
  const opened = openPaywall(source);
  const found = [...opened.problems];
  const route = opened.compile(price, "", "route", found);
  if (!route || found.length > 0) throw new ConfigError(found);
  return besideOwnTable(opened, route);
}

/** The engine behind what an adapter was given. */
export function engineOf<Raw>(source: AnySource<Raw>): Paywall {
  return openPaywall(source).paywall;
}

/** The table that a configuration holds. */
export function tableOf<Raw>(source: AnySource<Raw>): AnyTable<Raw> | undefined {
  return openPaywall(source).routes as AnyTable<Raw> | undefined;
}

/** The engine of a configuration or of `createPaywall`; the same object gives the same engine. */
export function openPaywall<Raw>(source: AnySource<Raw>): OpenedPaywall {
  const isObject = typeof source === "object" && source !== null;
  // Shared between copies of this module: an engine of one is an engine for all.
  const { opened } = sharedState();
  const known = isObject ? (opened.get(source) as OpenedPaywall | undefined) : undefined;
  if (known) return known;
  const made = open(source as AnyConfig<Raw>);
  if (isObject) opened.set(source, made);
  opened.set(made.paywall, made);
  return made;
}

function open<Raw>(config: AnyConfig<Raw>): OpenedPaywall {
  const problems: ConfigProblem[] = checkConfigShape(config);
  const sound = withoutFaults(config, problems);
  const { networks = [], tokens = [] } = sound;
  problems.push(...checkDefinitions(networks, tokens).map((problem) => ({ code: "invalid_definition", ...problem })));
  const registry = createRegistry(networks, tokens);
  const timeouts = readTimeouts(sound.facilitatorTimeout);
  const shared = sharedState();
  const log = openLog(sound.logger);
  const reporter = createReporter(list(sound.observe), log);
  const store = sound.store ?? shared.store;
  const facilitators = openFacilitators(sound, registry, problems);
  const schemes = [...(sound.schemes ?? []), ...SCHEMES];
  const guard = createGuard(sound.limits ?? {});
  const openAttempts = createOpenAttempts((id) => ledger.read(id));
  const ledger = createLedger(store, tellPayments(reporter, guard, openAttempts), sound.retain);
  const engine: Engine = {
    registry,
    schemes,
    poolKey: facilitators.map(({ id }) => id).join(" "),
    pool: createPool(facilitators, timeouts, {
      takenOver: (name, network) => findScheme(schemes, name, network)?.fromSupported ?? [],
      onChange: (health) => {
        if (health.state === "open") guard.forgiveCalls();
        reporter.emit({ type: "facilitator", at: Date.now(), health });
      },
    }),
    ownFacilitators: sound.facilitator !== undefined,
    ledger,
    chains: openChains(list(sound.chain), registry, problems),
    guard,
    clients: createClients(log.own),
    turns: turnsByNetwork(),
    openAttempts,
    room: createRoom(sound.limits !== false),
    reporter,
    open: new Set(),
    origin: sound.origin,
    timeouts,
    replies: createReplyCache(),
    labels: new Map(),
    secret: sound.secret,
    shared,
    warnings: createStartWarnings(log.own),
  };
  engine.warnings.store(store.name);
  const defaults = pickShared(sound);
  const openRoute = createOpener(engine, defaults, facilitators);
  const compile: OpenedPaywall["compile"] = (price, label, path, into) => {
    const terms = compileRoute(price, label, path, { engine, defaults, problems: into });
    if (!terms) return undefined;
    const route = openRoute(terms, price, label, path);
    rememberLabel(engine, terms);
    rememberPrice(route, price, terms.offers);
    return route;
  };
  if (sound.network !== undefined) checkDefaults(engine, defaults, problems);
  const upkeep = startUpkeep(engine, problems.length > 0 ? 0 : (sound.reconcileSeconds ?? RECONCILE));
  const paywall: Paywall = {
    price: (price, label = "") => {
      const found: ConfigProblem[] = [];
      const route = compile(price, label, label || "route", found);
      if (!route) throw new ConfigError(found);
      return route;
    },
    reconcile: () => upkeep.pass(),
    resolve: async (id: string, state: "settled" | "failed" | "refunded", options: ByHand & RefundByHand = {}) => {
      if (!["settled", "failed", "refunded"].includes(state)) {
        throw new StoreError("invalid_state", 'A payment is resolved as "settled", "failed" or "refunded"');
      }
      if (state === "refunded") return (await import("./refund.js")).refundByHand(engine, id, options);
      const { resolveByHand } = await import("./resolve-by-hand.js");
      const resolved = await resolveByHand(engine, id, state, options);
      if (resolved) return resolved;
      throw new StoreError(
        "not_unknown",
        "There is no payment with this id whose outcome is unknown, or another request is working on it",
      );
    },
    refund: async (id, sender, options = {}) =>
      (await import("./refund.js")).refundPayment(engine, id, sender, options),
    payments: async (query = {}) => (await import("./books.js")).listPayments(engine, query),
    totals: async (query = {}) => (await import("./totals.js")).addUpSales(engine, query),
    health: async () => (await import("./health.js")).readHealth(engine),
    close: async ({ seconds = 10 } = {}) => {
      upkeep.stop();
      const work = Promise.allSettled([...engine.open, upkeep.running()]);
      await within<unknown>(work, seconds * 1000, () => undefined);
    },
  };
  return { paywall, problems, reporter, routes: sound.routes as AnyTable<never> | undefined, compile };
}

/** What would be wrong with any route that inherits the networks of the configuration, whatever its price. */
function checkDefaults(engine: Engine, defaults: SharedOptions<string>, problems: ConfigProblem[]): void {
  const found: ConfigProblem[] = [];
  compileRoute("$1", "", "", { engine, defaults, problems: found });
  problems.push(...found.filter(({ path }) => ["network", "facilitator", "payTo"].includes(path)));
}

/** The facilitators named, or the public ones of test networks. */
function openFacilitators<Raw>(config: AnyConfig<Raw>, registry: Registry, problems: ConfigProblem[]): Facilitator[] {
  const facilitators: Facilitator[] = [];
  for (const input of facilitatorInputs(config as AnyConfig<never>, registry)) {
    try {
      facilitators.push(typeof input === "string" ? httpFacilitator(input) : input);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
    }
  }
  return facilitators;
}

function facilitatorInputs({ facilitator }: AnyConfig<never>, registry: Registry): readonly FacilitatorInput[] {
  if (facilitator === undefined) return [...new Set(registry.networks.flatMap((network) => network.facilitator ?? []))];
  return Array.isArray(facilitator) ? (facilitator as FacilitatorInput[]) : [facilitator as FacilitatorInput];
}

/** The configuration without the options that have a fault, so that the rest is checked at the same start. */
function withoutFaults<Raw>(config: AnyConfig<Raw>, problems: readonly ConfigProblem[]): AnyConfig<Raw> {
  if (typeof config !== "object" || config === null) return {};
  const faulty = new Set(problems.map(({ path }) => path.split(".", 1)[0]));
  return Object.fromEntries(Object.entries(config).filter(([option]) => !faulty.has(option))) as AnyConfig<Raw>;
}

function readTimeouts(given: AnyConfig["facilitatorTimeout"]): FacilitatorTimeouts {
  const limits = typeof given === "number" ? { verify: given, settle: given, supported: given } : given;
  const verify = limits?.verify ?? VERIFY_TIMEOUT;
  return { verify, settle: limits?.settle ?? SETTLE_TIMEOUT, supported: limits?.supported ?? verify };
}

/** The defaults that routes take over. */
function pickShared<Raw>(config: AnyConfig<Raw>): SharedOptions<string> {
  const {
    facilitator: _1,
    facilitatorTimeout: _2,
    origin: _3,
    store: _4,
    networks: _5,
    tokens: _6,
    schemes: _7,
    routes: _8,
    chain: _9,
    reconcileSeconds: _10,
    limits: _11,
    observe: _12,
    logger: _13,
    secret: _14,
    retain: _15,
    ...shared
  } = config;
  return shared;
}

function list<T>(given: T | readonly T[] | undefined): readonly T[] {
  return given === undefined ? [] : Array.isArray(given) ? (given as readonly T[]) : [given as T];
}

/** Reasons why a delivery is owed that lie with the seller, and not with a connection that broke. */
const FAILED: readonly string[] = ["handler_failed", "handler_timeout", "process_ended", "withheld"];

/** Tells observers of every change to a payment, but not of an attempt that continues under its payment's own name. */
function tellPayments({ emit, warn }: Reporter, guard: Guard, openAttempts: OpenAttempts) {
  return (record: StoredPayment, before: PaymentState | undefined): void => {
    const attempt = attemptName(record);
    openAttempts.told(record);
    if (record.state === "settled") guard.bought(attempt, record.payer);
    if (record.reason === MOVED && isAttempt(record)) return;
    const { id, route, reason = "" } = record;
    if (record.state === "owed" && FAILED.includes(reason)) {
      const message = "A payment was charged and its response failed, so the delivery is owed to the buyer";
      warn(message, { code: "payment_owed", payment: id, route, reason });
    }
    const payment = publicRecord(record);
    emit({ type: "payment", at: record.updatedAt, state: record.state, ...(before ? { before } : {}), payment });
  };
}
