import type { NextRequest } from "next/server.js";
import { expectTypeOf, it } from "vitest";
import { type Paid, paid, paywall } from "../src/index.js";

const config = { payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", network: "base-sepolia" } as const;
interface Context {
  params: Promise<{ id: string }>;
}

it("keeps the types of handlers", () => {
  const bare = paid(config, "$0.01", () => new Response());
  expectTypeOf(bare).toExtend<(request: NextRequest, context: Context) => Promise<Response>>();
  const typed = paid(config, "$0.01", async (request: NextRequest, { params, payment }: Context & Paid) => {
    expectTypeOf(payment?.payer).toEqualTypeOf<string | undefined>();
    return Response.json([request.nextUrl.href, (await params).id]);
  });
  expectTypeOf(typed).parameter(0).toEqualTypeOf<NextRequest>();
  expectTypeOf(typed).toExtend<(request: NextRequest, context: Context) => Promise<Response>>();

  // Where the handler says nothing about its context, it is what Next gives to any route.
  paid(config, "$0.01", async (request, { params }) => {
    expectTypeOf(await params).toExtend<Readonly<Record<string, string | string[] | undefined>>>();
    return Response.json(request.nextUrl.href);
  });

  type Other = (request: NextRequest, context: { params: Promise<{ slug: string }> }) => Promise<Response>;
  expectTypeOf(typed).not.toExtend<Other>();
  const { GET, POST } = paywall(
    { ...config, routes: { GET: "$0.01", POST: "free" } },
    {
      GET: async (_: NextRequest, { params }: Context & Paid) => new Response((await params).id),
      POST: async (request, { params }) => new Response(request.nextUrl.href + (await params).id),
    },
  );
  type Called = (request: NextRequest, context: Context) => Response | Promise<Response>;
  expectTypeOf(GET).toExtend<Called>();
  expectTypeOf(POST).toExtend<Called>();
});
