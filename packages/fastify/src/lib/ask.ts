import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Gate, guardErrors } from "./framework-errors.js";
import { admit, answerMissing, answerOptions, type Done } from "./gate.js";
import { outpostOf, type Post } from "./outpost.js";
import type { Prices, Quote } from "./prices.js";

/**
 * Puts a gate ahead of everything that an app may serve, and an outpost ahead of that.
 * @param app the app itself
 * @param read the prices once the app is ready; `"none"` if there are none to ask
 */
export function guardApp(app: FastifyInstance, read: Post["read"]): void {
  const outpost = outpostOf(app);
  const gate: Gate = (request, reply, next) => {
    outpost.meets(request.raw, post);
    const prices = read();
    if (prices === "none") next();
    else if (prices) ask(prices, request, reply, next);
    else next(new Error("The paywall has not started."));
  };
  const post: Post = { read, hook: gate };
  outpost.post(post);
  // The first stage: nothing of the route runs unpaid, and no body is parsed for nothing.
  app.addHook("onRequest", gate);
  // `reply.callNotFound()` in a hook ahead of the paywall's comes by this stage alone.
  app.addHook("preHandler", (request, reply, next) => {
    if (request.is404) gate(request, reply, next);
    else next();
  });
  guardErrors(app, gate);
}

function ask(prices: Prices, request: FastifyRequest, reply: FastifyReply, done: Done): void {
  let quote: Quote | Error;
  try {
    quote = prices.quote(request);
  } catch (cause) {
    quote = new Error("This route has no valid price.", { cause });
  }
  if (quote === undefined) done();
  else if (quote instanceof Error) done(quote);
  else if (quote === "missing") answerMissing(request, reply);
  else if (quote === "options") answerOptions([request.routeOptions.method ?? "OPTIONS"].flat(), request, reply);
  else admit(quote, request, reply, done);
}
