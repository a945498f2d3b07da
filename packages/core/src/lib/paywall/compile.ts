import { checkRouteShape } from "../config/shape.js";
import type { RouteOptions, RoutePrice, SharedOptions } from "../config.js";
import type { ConfigProblem } from "../errors.js";
import { emptyHint, suggestion } from "../nearest.js";
import type { ComputedPrice, Price, PriceFunction } from "../prices.js";
import { servesTestnetsOnly } from "../pricing/networks.js";
import { readPrice, type TokenAmount } from "../pricing/price.js";
import { MAX_REQUIRED, requiredHeader } from "./challenge.js";
import { priceRequests } from "./dynamic-price.js";
import type { Engine, RouteTerms } from "./engine.js";
import { makeOffer, type Offer, type OfferTerms } from "./offer.js";
import { checkRecipients, type Report, recipient } from "./recipient.js";
import { readNaming } from "./route-name.js";

const DEFAULTS = {
  maxTimeoutSeconds: 120,
  handlerTimeout: 30_000,
  holdBytes: 1_048_576,
  holdIdle: 50,
  keepBytes: 1_048_576,
  collectSeconds: 86_400,
};

/** What compiling needs to know beside the route. */
export interface CompileContext {
  readonly engine: Engine;
  /** Defaults of the engine. */
  readonly defaults: SharedOptions<string>;
  /** Collects what is wrong. */
  readonly problems: ConfigProblem[];
}

/** Prices of a route in one network's token, with the terms that every price shares. */
export interface NetworkTerms {
  readonly terms: OfferTerms;
  read(price: ComputedPrice): TokenAmount | { readonly problem: string };
}

/** Checks a route's options and makes its offers; `undefined` after reporting what is wrong. */
export function compileRoute<Raw>(
  value: RoutePrice<Raw, string>,
  label: string,
  path: string,
  context: CompileContext,
): RouteTerms<Raw> | undefined {
  const { engine, problems } = context;
  const before = problems.length;
  const given = normalize<Raw>(value);
  const report = (code: string, at: string, message: string) => {
    // What a route inherits has to be fixed in the configuration, and is reported there once.
    const own = at === "" || !given || at.slice(1) in given;
    problems.push({ code, path: own || !(at.slice(1) in context.defaults) ? `${path}${at}` : at.slice(1), message });
  };
  if (!given) {
    report(
      "invalid_price",
      "",
      `a route's value is a price such as "$0.01", a function, or options with a price, not ${kindOf(value)}${emptyHint(value)}`,
    );
    return undefined;
  }
  problems.push(...checkRouteShape(given, path));
  if (given.price === undefined)
    report(
      "invalid_price",
      ".price",
      `the route has no price; write one, or "free" to open it${"price" in given ? emptyHint(given.price) : ""}`,
    );
  if (problems.length > before) return undefined;

  for (const key of ["assetTransferMethod", "paymentFlow"]) {
    if (given.extra && key in given.extra)
      report(
        "invalid_option",
        ".extra",
        `"${key}" is set by the protocol; use \`settle\` and the token's \`transferMethod\``,
      );
  }
  if (typeof given.preview !== "function" && !isJson(given.preview))
    report("invalid_option", ".preview", "the preview is not JSON");
  const options: RouteOptions<Raw, string> = { ...context.defaults, ...given };
  const flow = options.settle === "before" ? "upfront" : "authorization";
  const networks = compileNetworks(options, flow, context, report);
  if (networks.length === 0) return undefined;

  const offers = offersOf(options, networks, report);
  if (!offers || problems.length > before) return undefined;
  const route: RouteTerms<Raw> = {
    label: given.label ?? label,
    naming: readNaming(given.label, label),
    flow,
    background: options.settle === "background",
    finality: options.finality ?? "facilitator",
    handlerTimeout: options.handlerTimeout ?? DEFAULTS.handlerTimeout,
    holdBytes: options.holdBytes ?? DEFAULTS.holdBytes,
    holdIdle: options.holdIdle ?? DEFAULTS.holdIdle,
    keepBytes: options.keep === false ? 0 : (options.keepBytes ?? DEFAULTS.keepBytes),
    keep: options.keep ?? "buyer",
    buyer: options.buyer,
    credentials: (options.credentials ?? []).map((name) => name.toLowerCase()),
    costs: (price, { network, asset, amount }) => {
      const read = networks.find(({ terms }) => terms.network.id === network)?.read(price);
      return !!read && !("problem" in read) && read.token.address === asset && read.atomic === BigInt(amount);
    },
    collectSeconds: options.collectSeconds ?? DEFAULTS.collectSeconds,
    needSeconds: neededSeconds(engine, options, flow),
    hooks: options.hooks ?? {},
    signatures: options.checkSignature || undefined,
    extensions: options.extensions ?? [],
    description: options.description,
    resource: pick(options, ["description", "mimeType", "serviceName", "tags", "iconUrl"]),
    preview: options.preview,
    offers,
    payTo: typeof options.payTo === "function" ? options.payTo : undefined,
  };
  checkHeader(engine, route, report);
  checkWindow(options, route, report);
  checkFinality(engine, route, networks, report);
  if (problems.length > before) return undefined;
  warnOfDoubts(engine, route, networks);
  return route;
}

/** Warns of what cannot be found out about payments to a route. */
function warnOfDoubts<Raw>(
  engine: Engine,
  { flow, background }: RouteTerms<Raw>,
  networks: readonly NetworkTerms[],
): void {
  const paid = networks.map(({ terms }) => terms.network).filter(({ testnet }) => !testnet);
  const unasked = paid.filter(({ id }) => engine.chains.every((chain) => !chain.networks.includes(id)));
  const titles = unasked.map(({ title }) => title);
  engine.warnings.chain(titles);
  if (background) engine.warnings.background(titles);
  if (flow === "upfront") engine.warnings.retell(engine.pool.retellers);
}

function compileNetworks<Raw>(
  options: RouteOptions<Raw, string>,
  flow: OfferTerms["flow"],
  { engine, problems }: CompileContext,
  report: Report,
): NetworkTerms[] {
  const names = typeof options.network === "string" ? [options.network] : (options.network ?? []);
  if (names.length === 0)
    report(
      "missing_network",
      ".network",
      `\`network\` is missing; known networks are ${engine.registry.names.join(", ")}${"network" in options ? emptyHint(options.network) : ""}`,
    );
  checkRecipients(options, engine, report);
  const compiled: NetworkTerms[] = [];
  for (const name of names) {
    const network = engine.registry.network(name);
    if (!network) {
      report("unknown_network", ".network", unknownNetwork(name, engine));
      continue;
    }
    if (compiled.some(({ terms }) => terms.network.id === network.id)) {
      report("duplicate_network", ".network", `${network.name} is listed twice`);
      continue;
    }
    const wanted = options.scheme ?? "exact";
    const namespace = network.id.slice(0, network.id.indexOf(":"));
    const scheme = engine.schemes.find((candidate) => candidate.scheme === wanted && candidate.namespace === namespace);
    if (!scheme) {
      const known = engine.schemes.flatMap((one) => (one.namespace === namespace ? one.scheme : []));
      report(
        "unknown_scheme",
        ".scheme",
        `no scheme "${wanted}" is known for ${network.name}${suggestion(wanted, known)}`,
      );
      continue;
    }
    if (!engine.ownFacilitators && !network.facilitator) {
      const message = `${network.name} has no default facilitator; configure one that you trust, such as cdp({ keyId, keySecret })`;
      problems.push({ code: "missing_facilitator", path: "facilitator", message });
    } else if (!network.testnet && engine.ownFacilitators && engine.poolKey.split(" ").every(servesTestnetsOnly)) {
      const message = `x402.org serves test networks only, so no payment on ${network.name} could settle; configure a facilitator for it, such as cdp({ keyId, keySecret })`;
      problems.push({ code: "missing_facilitator", path: "facilitator", message });
    }
    const payTo = recipient(options, network, { scheme, engine }, report);
    const { maxTimeoutSeconds = DEFAULTS.maxTimeoutSeconds, extra = {} } = options;
    compiled.push({
      terms: { scheme, network, payTo, flow, maxTimeoutSeconds, extra },
      read: (price) => readPrice(price, network, engine.registry, options.asset),
    });
  }
  return compiled;
}

function unknownNetwork(name: string, { registry: { networks, names } }: Engine): string {
  const titled = networks.find(({ title }) => title.toLowerCase() === name.trim().toLowerCase())?.name;
  const hint = titled ? `; did you mean "${titled}"?` : suggestion(name, names);
  return `"${name}" is not a network${hint || `; known networks are ${names.join(", ")}`}`;
}

function offersOf<Raw>(
  options: RouteOptions<Raw, string>,
  networks: readonly NetworkTerms[],
  report: Report,
): RouteTerms<Raw>["offers"] | undefined {
  const { price, minPrice, maxPrice } = options;
  if (typeof price === "function") {
    const [min, max] = [minPrice, maxPrice].map((bound, i) =>
      bound === undefined ? undefined : fixedOffers(bound, networks, i === 0 ? ".minPrice" : ".maxPrice", report),
    );
    const crossed = min?.some(({ price: low }, i) => low.atomic > (max?.[i]?.price.atomic ?? low.atomic));
    if (crossed) report("invalid_price", ".minPrice", "`minPrice` is above `maxPrice`");
    return priceRequests(price as PriceFunction<Raw>, networks, minPrice, maxPrice);
  }
  if (minPrice !== undefined || maxPrice !== undefined) {
    report("invalid_price", ".minPrice", "`minPrice` and `maxPrice` need a price function");
  }
  return fixedOffers(price, networks, ".price", report);
}

/** One offer for each network that the price can be read on; all must be. */
function fixedOffers(
  price: Price,
  networks: readonly NetworkTerms[],
  at: string,
  report: Report,
): readonly Offer[] | undefined {
  const offers: Offer[] = [];
  for (const { terms, read } of networks) {
    const amount = read(price);
    const offer = "problem" in amount ? amount.problem : makeOffer(terms, amount);
    if (typeof offer === "string") report("invalid_price", at, offer);
    else offers.push(offer);
  }
  return offers.length === networks.length ? offers : undefined;
}

/** An offer that proxies drop sells nothing, so a fixed one is measured at start, with a path of usual length. */
function checkHeader<Raw>(engine: Engine, route: RouteTerms<Raw>, report: Report): void {
  if (typeof route.offers === "function") return;
  const url = `${engine.origin ?? "https://api.example.com"}/${"x".repeat(60)}`;
  const { length } = requiredHeader(
    route,
    { offers: route.offers, extensions: {} },
    url,
    "PAYMENT-SIGNATURE header is required",
  );
  if (length > MAX_REQUIRED) {
    report(
      "offer_too_large",
      "",
      `the PAYMENT-REQUIRED header has ${length} bytes, ${MAX_REQUIRED} are allowed: fewer networks or a shorter description`,
    );
  }
}

function isJson(value: unknown): boolean {
  try {
    return value === undefined || typeof JSON.stringify(value) === "string";
  } catch {
    return false;
  }
}

export function normalize<Raw>(value: RoutePrice<Raw, string>): RouteOptions<Raw, string> | undefined {
  if (typeof value === "string" || typeof value === "function") return { price: value };
  if (typeof value !== "object" || value === null) return undefined;
  return "amount" in value && "asset" in value && !("price" in value)
    ? { price: value as Price }
    : (value as RouteOptions<Raw, string>);
}

function pick(options: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).filter(([name, value]) => names.includes(name) && value !== undefined),
  );
}

function kindOf(value: unknown): string {
  return value === null
    ? "null"
    : typeof value === "number"
      ? `the number ${value} (write it as text)`
      : value === undefined
        ? "undefined"
        : `a ${typeof value}`;
}

/** What the handler, if it comes first, and the settlement may take. */
function neededSeconds<Raw>(engine: Engine, options: RouteOptions<Raw, string>, flow: OfferTerms["flow"]): number {
  const { maxTimeoutSeconds = DEFAULTS.maxTimeoutSeconds, handlerTimeout = DEFAULTS.handlerTimeout } = options;
  const settle = Math.min(engine.timeouts.settle / 1000, maxTimeoutSeconds);
  return Math.ceil(settle + (flow === "upfront" ? 0 : handlerTimeout / 1000));
}

/** A payment that ends before the handler and the settlement may end could only be refused. */
function checkWindow<Raw>(options: RouteOptions<Raw, string>, { needSeconds }: RouteTerms<Raw>, report: Report): void {
  const { maxTimeoutSeconds = DEFAULTS.maxTimeoutSeconds } = options;
  if (needSeconds <= maxTimeoutSeconds) return;
  const message = `the offer is valid for ${maxTimeoutSeconds} seconds, but handler and settlement may take ${needSeconds}; raise \`maxTimeoutSeconds\`, or lower \`handlerTimeout\``;
  report("invalid_option", ".maxTimeoutSeconds", message);
}

function checkFinality<Raw>(
  engine: Engine,
  { finality }: RouteTerms<Raw>,
  networks: readonly NetworkTerms[],
  report: Report,
): void {
  if (finality === "facilitator") return;
  for (const { terms } of networks) {
    if (engine.chains.some((chain) => chain.networks.includes(terms.network.id))) continue;
    report("missing_chain", ".finality", `\`finality\` needs a \`chain\` for ${terms.network.name}`);
  }
}
