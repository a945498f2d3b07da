import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Done } from "./gate.js";

/** Lets a request through once it is paid for, or free. */
export type Gate = (request: FastifyRequest, reply: FastifyReply, done: Done) => void;

type Handler = (error: Error, request: FastifyRequest, reply: FastifyReply) => void;

/**
 * The app's `frameworkErrors` handles requests that Fastify cannot route (a malformed path, a parameter that is too long, a
 * constraint that fails), and no hook comes first. One that hands them to a proxy would serve priced paths, so the gate
 * goes first. Fastify reads the option from its own options at each request; without it, Fastify responds by itself.
 */
export function guardErrors(root: FastifyInstance, gate: Gate): void {
  const key = Object.getOwnPropertySymbols(root).find(({ description }) => description === "fastify.options");
  const options = key && (Reflect.get(root, key) as { frameworkErrors?: Handler } | undefined);
  const own = options?.frameworkErrors;
  if (!options || typeof own !== "function") return;
  options.frameworkErrors = (error, request, reply) =>
    gate(request, reply, (failure) => {
      if (failure)
        reply.code(500).send({ statusCode: 500, error: "Internal Server Error", message: "Internal Server Error" });
      else own(error, request, reply);
    });
}
