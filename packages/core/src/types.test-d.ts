import {
  createPaywall,
  type Network,
  type NetworkDefinition,
  network,
  type PaywallConfig,
  type Price,
  type PriceFunction,
  price,
  type RouteTable,
  refuse,
} from "./index.js";

/**
 * What compiles and what does not, by the rule that what cannot work does not compile, as far as TypeScript can say, and
 * that what works does. `tsc` is the test: a line that should not compile and does is an error, and so is the other way round.
 */

const payTo = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";
const tolls = createPaywall({ payTo, network: "base-sepolia" });
declare const env: Readonly<Record<string, string | undefined>>;

// Prices.
"$0.01" satisfies Price;
"$5" satisfies Price;
"0.01 EURC" satisfies Price;
({ amount: "10000", asset: "USDC" }) satisfies Price;
({ amount: 10_000n, asset: "0x036CbD53842c5426634e7929541eC2318f3dCF7e" }) satisfies Price;
// @ts-expect-error a price has `$` or a token's symbol
"0.01" satisfies Price;
// @ts-expect-error a price is an amount
"$one" satisfies Price;
// @ts-expect-error a price has no grouping
"$1,000" satisfies Price;
// @ts-expect-error a price has an amount
"$" satisfies Price;
// @ts-expect-error the amount stands ahead of the symbol
"USDC 0.01" satisfies Price;
// @ts-expect-error atomic units have no decimals
({ amount: "0.01", asset: "USDC" }) satisfies Price;
// @ts-expect-error a JavaScript number is no price
0.01 satisfies Price;
// @ts-expect-error nor are atomic units one
({ amount: 10_000, asset: "USDC" }) satisfies Price;
// @ts-expect-error `"free"` is for tables
tolls.price("free");
// @ts-expect-error the option is misspelt
tolls.price({ price: "$0.01", descripton: "The weather" });
tolls.price({ price: "$0.01", description: "The weather" });

// Text that TypeScript cannot see is checked when it comes.
// @ts-expect-error any text may be no price
tolls.price(env.PRICE ?? "$0.01");
tolls.price(price(env.PRICE));
tolls.price({ price: price(env.PRICE ?? "$0.01") });
const cents: number = Number(env.CENTS);
tolls.price(`$${cents / 100}`);
tolls.price({ amount: BigInt(env.UNITS ?? "1"), asset: "USDC" });

// Price functions may put their text together.
interface Raw {
  readonly size: string;
}
const priced: readonly PriceFunction<Raw>[] = [
  () => "$0.01",
  ({ size }) => (size === "" ? refuse(400, "bad_size", "Give a size.") : `$${Number(size).toFixed(2)}`),
  async ({ size }) => `${size} EURC`,
  async ({ size }) => ({ amount: BigInt(size), asset: "USDC" }),
  ({ size }) => price(size),
  // @ts-expect-error a price has `$` or a token's symbol
  () => "0.01",
  // @ts-expect-error a JavaScript number is no price
  () => 0.01,
  // @ts-expect-error any text may be no price
  ({ size }) => size,
  // @ts-expect-error a price function has no way to open a route
  () => "free",
];
tolls.price<Raw>({ price: ({ size }) => `$${size}`, minPrice: "$0.01", maxPrice: "1 USDC" });
// @ts-expect-error a bound is a price
tolls.price<Raw>({ price: ({ size }) => `$${size}`, minPrice: "0.01" });
void priced;

// Keys of tables.
const table: RouteTable = {
  "GET /": "$1",
  "POST /items/:id": "free",
  "ALL /files/*": { price: "$1" },
  "PUT /a b": "$1",
};
// @ts-expect-error methods are written in capitals
({ "get /w": "$1" }) satisfies RouteTable;
// @ts-expect-error a path begins with "/"
({ "GET w": "$1" }) satisfies RouteTable;
// @ts-expect-error there is no such method
({ "GETT /w": "$1" }) satisfies RouteTable;
// @ts-expect-error a key names its method
({ "/w": "$1" }) satisfies RouteTable;
// @ts-expect-error one method in each key
({ "GET,POST /w": "$1" }) satisfies RouteTable;
// @ts-expect-error one space between
({ "GET  /w": "$1" }) satisfies RouteTable;
// @ts-expect-error HEAD costs what GET costs
({ "HEAD /w": "$1" }) satisfies RouteTable;
// @ts-expect-error OPTIONS is free
({ "OPTIONS /w": "$1" }) satisfies RouteTable;
createPaywall({ payTo, network: "base-sepolia", routes: table });
// Keys that are put together are any text to TypeScript, so the literals beside them have to be kept.
const path: string = "/w";
createPaywall({ payTo, network: "base-sepolia", routes: { [`GET ${path}`]: "$1" } as const });
createPaywall({ payTo, network: "base-sepolia", routes: Object.fromEntries([[`GET ${path}`, price(env.PRICE)]]) });

// Networks: the built-in ones by name, any by its CAIP-2 id, and those that the configuration adds.
createPaywall({ payTo, network: ["base", "solana-devnet", "eip155:999", "cosmos:cosmoshub-4"] });
createPaywall({ payTo, network: env.LIVE ? "base" : "base-sepolia" });
// @ts-expect-error the name is misspelt
createPaywall({ payTo, network: "base-sepolja" });
// @ts-expect-error one of the names is misspelt
createPaywall({ payTo, network: ["base", "solana-devnett"] });
// @ts-expect-error any text may be no network
createPaywall({ payTo, network: env.NETWORK ?? "base" });
createPaywall({ payTo, network: network(env.NETWORK) });
createPaywall({ payTo, network: [network(env.NETWORK), "base"] });
"eip155:8453" as `eip155:${number}` satisfies Network;

const mine = { id: "eip155:999", name: "mine", title: "Mine", testnet: true } as const;
const own = createPaywall({
  payTo,
  networks: [mine, { id: "eip155:998", name: "yours", title: "Yours", testnet: true }],
  network: ["mine", "base"],
  routes: { "GET /w": { price: "$1", network: "yours" } },
});
own.price({ price: "$1", network: "mine" });
// @ts-expect-error no network goes by this name
own.price({ price: "$1", network: "mien" });
// @ts-expect-error no network of this engine goes by this name
tolls.price({ price: "$1", network: "mine" });
// @ts-expect-error the configuration adds another name
createPaywall({ payTo, networks: [mine], network: "mien" });
// @ts-expect-error the same in its table
createPaywall({ payTo, networks: [mine], network: "mine", routes: { "GET /w": { price: "$1", network: "mien" } } });
// Where the names are any text to TypeScript, any will do.
const several: readonly NetworkDefinition[] = [mine];
createPaywall({ payTo, networks: several, network: "whatever" });
const annotated: PaywallConfig<Raw> = { payTo, networks: several, network: "eip155:999" };
createPaywall(annotated);
createPaywall<Raw>({ payTo, networks: [mine], network: "eip155:999" });

// Who is paid, and where, is required where nothing else says it.
// @ts-expect-error `payTo` is missing
createPaywall({ network: "base" });
// @ts-expect-error `network` is missing
createPaywall({ payTo });
// @ts-expect-error both are missing
createPaywall({});
// @ts-expect-error `payTo` is missing for the second route
createPaywall({ network: "base", routes: { "GET /a": { price: "$1", payTo }, "GET /b": "$1" } });
// @ts-expect-error `network` is missing for the second route
createPaywall({ payTo, routes: { "GET /a": { price: "$1", network: "base" }, "GET /b": { price: "$1" } } });
// A table may say it with every price.
createPaywall({ network: "base", routes: { "GET /a": { price: "$1", payTo }, "GET /b": "free" } });
createPaywall({ payTo, routes: { "GET /a": { price: "$1", network: "base" } } });
createPaywall({ routes: { "GET /a": { price: "$1", network: ["base", "mine:1"], payTo: { eip155: payTo } } } });
createPaywall({ networks: [mine], payTo, routes: { "GET /a": { price: "$1", network: "mine" } } });
// @ts-expect-error the name is misspelt
createPaywall({ payTo, routes: { "GET /a": { price: "$1", network: "bsae" } } });
// Routes that are priced elsewhere may say it too: then the configuration says that it does not.
createPaywall({ payTo, network: undefined }).price({ price: "$1", network: "base" });
createPaywall({ payTo: undefined, network: "base" }).price({ price: "$1", payTo });
// A variable of the environment may not be set: the start finds that.
createPaywall({ payTo: env.PAY_TO, network: "base-sepolia" });
// @ts-expect-error the option is misspelt
createPaywall({ payTo, netwrok: "base" });
// @ts-expect-error there is no such way to settle
createPaywall({ payTo, network: "base", settle: "later" });
// A configuration in a variable needs its literals.
const bare = { payTo, network: "base" };
// @ts-expect-error the network is any text here
createPaywall(bare);
const fixed = { payTo, network: "base" } as const;
createPaywall(fixed);
const checked = { payTo, network: "base", routes: { "GET /w": "$1" } } satisfies PaywallConfig;
createPaywall({ ...checked, settle: "before" });
