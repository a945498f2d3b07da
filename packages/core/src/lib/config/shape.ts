import type { ConfigProblem } from "../errors.js";
import { emptyHint, suggestion } from "../nearest.js";
import * as z from "../zod.js";
import { foreignOption, isEngine, notConfig, notRoute } from "./foreign.js";

/** The forms of options, checked key by key. An option that does not exist is an error: usually a typo. */

const is = (test: (value: unknown) => boolean, message: string) =>
  z.optional(z.unknown().check(z.refine(test, message)));

const isFunction = (value: unknown) => typeof value === "function";
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (max: number) => (value: unknown) =>
  typeof value === "string" && value.length > 0 && value.length <= max;
const isTexts = (value: unknown) =>
  isText(200)(value) || (Array.isArray(value) && value.length > 0 && value.every(isText(200)));
const isWhole = (min: number, max: number) => (value: unknown) =>
  Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
const isPrice = (value: unknown) => typeof value === "string" || isObject(value);
const isAscii = (value: unknown) => typeof value === "string" && /^[\x20-\x7e]{1,32}$/.test(value);
const hasId = (value: unknown): value is { id: string } =>
  isObject(value) && typeof value.id === "string" && value.id !== "";

/** Created with the first paywall: an import should cost nothing. */
const makeShared = () => ({
  payTo: is(
    (value) => isText(200)(value) || isFunction(value) || (isObject(value) && Object.values(value).every(isText(200))),
    "must be an address, one for each network, or a function that returns it",
  ),
  network: is(isTexts, 'must be a network such as "base" or "eip155:8453", or a list of them'),
  asset: is(isText(200), "must be a token's symbol or address"),
  settle: is(
    (value) => value === "after" || value === "before" || value === "background",
    'must be "after", "before" or "background"',
  ),
  finality: is(
    (value) => value === "facilitator" || value === "included" || value === "finalized" || isWhole(1, 10_000)(value),
    'must be "facilitator", "included", "finalized", or a number of blocks',
  ),
  keep: is((value) => value === "buyer" || value === "public" || value === false, 'must be "buyer", "public" or false'),
  credentials: is(
    (value) =>
      Array.isArray(value) &&
      value.every((name) => typeof name === "string" && /^[!#$%&'*+.^_`|~\w-]{1,64}$/.test(name)),
    'must be a list of request fields such as ["X-Api-Key"]',
  ),
  keepBytes: is(isWhole(0, 2 ** 26), "must be a whole number of bytes, at most 64 MiB"),
  collectSeconds: is(isWhole(0, 31_536_000), "must be a whole number of seconds, at most a year"),
  maxTimeoutSeconds: is(isWhole(10, 86_400), "must be a whole number of seconds from 10 to 86400"),
  handlerTimeout: is(isWhole(1, 86_400_000), "must be a whole number of milliseconds, at least 1"),
  holdBytes: is(isWhole(0, 2 ** 30), "must be a whole number of bytes, at most 1 GiB"),
  holdIdle: is(isWhole(1, 60_000), "must be a whole number of milliseconds from 1 to 60000"),
  checkSignature: is(
    (value) => value === false || (isObject(value) && isFunction(value.check)),
    "must be a signature check, or false",
  ),
  extensions: is(
    (value) =>
      Array.isArray(value) &&
      value.every((entry) => hasId(entry) && isFunction((entry as { declare?: unknown }).declare)),
    "must be a list of extensions",
  ),
});

const makeRoute = () =>
  z.strictObject({
    ...makeShared(),
    price: is((value) => isPrice(value) || isFunction(value), "must be a price, or a function that returns one"),
    label: is(isText(200), "must be a name for the route, of at most 200 characters"),
    minPrice: is(isPrice, "must be a price"),
    maxPrice: is(isPrice, "must be a price"),
    scheme: is(isText(64), "must be a scheme's name"),
    description: is(isText(500), "must be text of at most 500 characters"),
    mimeType: is(isText(128), "must be a media type"),
    serviceName: is(isAscii, "must be at most 32 printable ASCII characters"),
    tags: is(
      (value) => Array.isArray(value) && value.length <= 5 && value.every(isAscii),
      "must be at most 5 tags of 32 printable ASCII characters",
    ),
    iconUrl: is(
      (value) => isText(2048)(value) && /^https?:\/\//.test(value as string) && URL.canParse(value as string),
      "must be an absolute http(s) URL",
    ),
    preview: z.optional(z.unknown()),
    buyer: is(isFunction, "must be a function of the request"),
    hooks: is(isHooks, HOOKS),
    extra: is(isObject, "must be an object"),
  });

const timeouts = (value: unknown): boolean =>
  isWhole(1, 600_000)(value) ||
  (isObject(value) &&
    Object.entries(value).every(
      ([key, limit]) => ["verify", "settle", "supported"].includes(key) && isWhole(1, 600_000)(limit),
    ));

/** Spelled as buyers see it, so that offers can be compared with it as text. */
const isOrigin = (value: unknown): boolean => {
  if (typeof value !== "string" || !URL.canParse(value)) return false;
  const { origin, pathname } = new URL(value);
  return /^https?:/.test(origin) && !pathname.includes("//") && value === origin + pathname.replace(/\/$/, "");
};

const isFacilitator = (value: unknown): boolean =>
  isText(2048)(value) ||
  (hasId(value) &&
    ["verify", "settle", "supported"].every((name) => isFunction((value as Record<string, unknown>)[name])));

const STORE = ["read", "insert", "replace", "renew", "answer", "link", "linked", "list"];
const isStore = (value: unknown): boolean =>
  isObject(value) &&
  typeof value.name === "string" &&
  value.atomic === true &&
  STORE.every((name) => isFunction(value[name]));

const isHooks = (value: unknown): boolean =>
  isObject(value) &&
  Object.entries(value).every(
    ([name, hook]) =>
      ["beforeVerify", "afterVerify", "beforeSettle", "afterSettle"].includes(name) &&
      (hook === undefined || isFunction(hook)),
  );
const HOOKS = "must be an object with the functions beforeVerify, afterVerify, beforeSettle and afterSettle";

/** A reader, or nodes by network: what the nodes' addresses look like is checked where networks are known. */
const isChain = (value: unknown): boolean =>
  isObject(value) &&
  ("find" in value ? Array.isArray(value.networks) && isFunction(value.find) : Object.keys(value).length > 0);

const isObserver = (value: unknown): boolean =>
  isObject(value) && [value.event, value.trace].every((part) => part === undefined || isFunction(part));

const LIMITS = ["perPayer", "perAddress", "seconds", "runsPerPayment", "runsPerPayer"];
const isLimits = (value: unknown): boolean =>
  value === false ||
  (isObject(value) &&
    Object.entries(value).every(([key, limit]) => LIMITS.includes(key) && isWhole(1, 1_000_000)(limit)));

const oneOrMore = (test: (value: unknown) => boolean) => (value: unknown) =>
  test(value) || (Array.isArray(value) && value.every(test));

const isScheme = (value: unknown): boolean =>
  isObject(value) &&
  ["scheme", "namespace"].every((name) => isText(64)(value[name])) &&
  ["transferMethod", "checkAddress", "extra", "identify", "judge", "spell", "sameAddress", "isTransaction"].every(
    (name) => isFunction(value[name]),
  );

const makeConfig = () =>
  z.strictObject({
    ...makeShared(),
    facilitator: is(
      (value) => isFacilitator(value) || (Array.isArray(value) && value.length > 0 && value.every(isFacilitator)),
      "must be a facilitator's URL, a facilitator, or a list of them",
    ),
    facilitatorTimeout: is(timeouts, "must be milliseconds, or { verify, settle, supported } in milliseconds"),
    origin: is(
      isOrigin,
      'must be an origin such as "https://api.example.com", or one with the path that a proxy strips ("https://example.com/shop"); without a final slash',
    ),
    secret: is(
      (value) => typeof value === "string" && value.length >= 16 && value.length <= 1_024,
      "must be a secret of 16 to 1024 characters, the same in every process",
    ),
    store: is(
      isStore,
      `must be a store with atomic claims (\`atomic: true\`) and the operations ${STORE.join(", ")}; an eventually consistent one cannot be used`,
    ),
    chain: is(
      oneOrMore(isChain),
      'must be the URL of a node by network, such as { base: "https://…" }, a chain reader such as `evmChain` makes, or a list of them',
    ),
    retain: is(
      (value) => value === "forever" || isWhole(1, 36_500)(value),
      'must be a number of days from 1 to 36500, or "forever"',
    ),
    reconcileSeconds: is(isWhole(0, 3_600), "must be a whole number of seconds, at most 3600"),
    limits: is(isLimits, `must be an object of the whole numbers ${LIMITS.join(", ")}, or false`),
    buyer: is(isFunction, "must be a function of the request"),
    hooks: is(isHooks, HOOKS),
    observe: is(oneOrMore(isObserver), "must be an observer with the functions `event` or `trace`, or a list of them"),
    logger: is(
      (value) =>
        value === false || (isObject(value) && ["info", "warn", "error"].every((name) => isFunction(value[name]))),
      "must be an object with the functions info, warn and error, or false",
    ),
    networks: is((value) => Array.isArray(value) && value.every(isObject), "must be a list of networks"),
    tokens: is((value) => Array.isArray(value) && value.every(isObject), "must be a list of tokens"),
    schemes: is((value) => Array.isArray(value) && value.every(isScheme), "must be a list of schemes"),
    routes: is(isObject, "must be a table of routes and prices"),
  });

let route: ReturnType<typeof makeRoute> | undefined;
let config: ReturnType<typeof makeConfig> | undefined;

export function checkRouteShape(value: unknown, path: string): ConfigProblem[] {
  route ??= makeRoute();
  return check(route, value, path);
}

export function checkConfigShape(value: unknown): ConfigProblem[] {
  config ??= makeConfig();
  return check(config, value, "");
}

function check(
  schema: ReturnType<typeof makeRoute> | ReturnType<typeof makeConfig>,
  value: unknown,
  base: string,
): ConfigProblem[] {
  if (base !== "" && (!isObject(value) || isEngine(value))) {
    return [{ code: "invalid_option", path: base, message: notRoute(value) }];
  }
  if (!isObject(value)) return [{ code: "invalid_option", path: "config", message: notConfig(value) }];
  const result = z.safeParse(schema, value);
  if (result.success) return [];
  return result.error.issues.flatMap((issue): ConfigProblem[] => {
    const path = [base, ...issue.path].filter((part) => part !== "").join(".");
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        code: "unknown_option",
        path: path ? `${path}.${key}` : key,
        message: foreignOption(key) ?? `there is no such option${suggestion(key, Object.keys(schema.shape))}`,
      }));
    }
    const given = issue.path.length === 1 ? value[String(issue.path[0])] : null;
    return [{ code: "invalid_option", path: path || "config", message: issue.message + emptyHint(given) }];
  });
}
