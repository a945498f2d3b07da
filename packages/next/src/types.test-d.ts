import type { NextRequest } from "next/server.js";
import { createPaywall, type Paid, paid, paidProxy, paywall, price, type RouteTable } from "./index.js";

/**
 * What compiles and what does not. `tsc` is the test: a line that should not compile and does is an error, and so is the
 * other way round. The shapes that all adapters share are in `packages/core/src/types.test-d.ts`.
 */

const config = { payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", network: "base-sepolia" } as const;
const tolls = createPaywall(config);
const answer = () => new Response();

/** What Next calls `app/w/[id]/route.ts` with, and what its own type check compares handlers to. */
interface Item {
  readonly params: Promise<{ id: string }>;
}
type Handler = (request: NextRequest, context: Item) => Promise<Response> | Response;

// The context is the route's own, and has the payment beside it.
const typed = paid(tolls, "$1", async (request: NextRequest, { params, payment }: Item & Paid) => {
  const { id } = await params;
  payment?.payer satisfies string | undefined;
  return Response.json([id satisfies string, request.nextUrl.href]);
});
typed satisfies Handler;
// @ts-expect-error another route's context has other parameters
typed satisfies (request: NextRequest, context: { params: Promise<{ slug: string }> }) => Promise<Response>;
const catchAll = paid(tolls, "$1", async (_: NextRequest, { params }: { params: Promise<{ path: string[] }> }) =>
  Response.json((await params).path),
);
catchAll satisfies (request: NextRequest, context: { params: Promise<{ path: string[] }> }) => Promise<Response>;
paid(tolls, "$1", async (request: Request) => new Response(await request.text())) satisfies Handler;
paid(tolls, "$1", answer) satisfies Handler;
// Where the handler says nothing of its context, it is what Next gives to any route.
paid(tolls, "$1", async (request, { params, payment }) => {
  payment?.amount satisfies string | undefined;
  (await params).id satisfies string | string[] | undefined;
  return Response.json(request.nextUrl.href);
}) satisfies Handler;

// The same for several methods of one file.
const { GET, POST } = paywall(
  tolls,
  {
    GET: async (_: NextRequest, { params, payment }: Item & Paid) => Response.json([(await params).id, payment?.payer]),
    POST: async (request, { params }) => Response.json([request.nextUrl.href, (await params).id]),
  },
  { GET: "$0.01", POST: "free" },
);
GET satisfies Handler;
POST satisfies Handler;

// Price functions get Next's request, wherever they stand.
paid(tolls, (request) => ((request satisfies NextRequest).nextUrl.search ? "$1" : "$2"), answer);
paywall(tolls, { GET: answer }, { GET: async (request) => `$${request.nextUrl.searchParams.get("n")}` });
paywall({ ...config, routes: { GET: { price: (request) => `$${request.nextUrl.search}` } } }, { GET: answer });
createPaywall({ ...config, routes: { GET: (request) => `$${request.nextUrl.search}` } });
paidProxy(tolls, (request) => `$${request.nextUrl.search}`);

// Tables: the keys are methods, since the file is the path.
const table: RouteTable = { GET: price("$1"), POST: "free", ALL: "0.01 EURC" };
paywall(tolls, { GET: answer, POST: answer }, table);
paywall({ ...config, routes: table }, { GET: answer, POST: answer });
// @ts-expect-error the file is the path
paywall(tolls, { GET: answer }, { "GET /w": "$0.01" });
// @ts-expect-error methods are written in capitals
paywall(tolls, { GET: answer }, { get: "$0.01" });
// @ts-expect-error there is no such method
paywall({ ...config, routes: { GETT: "$0.01" } }, { GET: answer });
// @ts-expect-error HEAD costs what GET costs
paywall(tolls, { GET: answer, HEAD: answer }, { GET: "$0.01", HEAD: "$0.01" });
// @ts-expect-error a price has `$` or a token's symbol
paywall(tolls, { GET: answer }, { GET: "0.01" });
// @ts-expect-error a price has `$` or a token's symbol
paid(tolls, "0.01", answer);
// @ts-expect-error a price has `$` or a token's symbol
paidProxy(tolls, "0.01");
// @ts-expect-error `payTo` is missing
paid({ network: "base" }, "$0.01", answer);
// @ts-expect-error `network` is missing
paywall({ payTo: config.payTo, routes: { GET: "$0.01" } }, { GET: answer });
// @ts-expect-error the network is misspelt
createPaywall({ payTo: config.payTo, network: "base-sepolja" });
// @ts-expect-error the network of the route is misspelt
paid(tolls, { price: "$0.01", network: "base-sepolja" }, answer);
