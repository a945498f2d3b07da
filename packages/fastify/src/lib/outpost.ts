import type { IncomingMessage, ServerResponse } from "node:http";
import { ConfigError } from "@turnpike/core";
import { faultReply, type Reply, reportFault } from "@turnpike/core/adapter";
import { keepBack, verbOf, watchRequests, watchUpgrades } from "@turnpike/core/node";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Done } from "./gate.js";
import { hooksAhead, madeServer } from "./internals.js";
import type { Prices } from "./prices.js";

/** A gate of an app. */
export interface Post {
  /** Its prices once the app is ready; `"none"` if there are none to ask. */
  read(): Prices | "none" | undefined;
  /** Its hook for `onRequest`. */
  readonly hook: object;
}

/**
 * Finds what serves a priced path without asking its gate: hooks ahead of it (those of `@fastify/middie` too), listeners of
 * the server, a server that the seller's own factory makes. They may refuse, redirect and pass on.
 */
export interface Outpost {
  /** The requests of this app have to meet one more gate. */
  post(gate: Post): void;
  /** Stands ahead of all other hooks, in an app that was made after this package was loaded. */
  hook(request: FastifyRequest, reply: FastifyReply, done: Done): void;
  /** The request has met a gate. */
  meets(message: IncomingMessage, gate: Post): void;
}

/** A request that is watched. */
interface Passage {
  /** The gates that it has met. */
  readonly met: Set<Post>;
  lift(): void;
}

const outposts = new WeakMap<FastifyInstance, Outpost>();

/** @param app the app itself */
export function outpostOf(app: FastifyInstance): Outpost {
  let outpost = outposts.get(app);
  if (!outpost) {
    outpost = createOutpost(app);
    outposts.set(app, outpost);
  }
  return outpost;
}

function createOutpost(app: FastifyInstance): Outpost {
  // Fastify's own, in an app that was made after this package was loaded.
  const [own] = app.server.listeners("request");
  const gates: Post[] = [];
  const passages = new WeakMap<IncomingMessage, Passage>();
  let told = false;

  /** What a success that some gate has not let through is replaced by; nothing where the paths are free. */
  const refusal = (message: IncomingMessage, asked: string, who: string, advice: string): Reply | undefined => {
    const verb = verbOf(message);
    const met = passages.get(message)?.met;
    for (const gate of gates) {
      const prices = gate.read();
      if (met?.has(gate) || prices === undefined || prices === "none") continue;
      const url = [asked, message.url ?? "/"].find((one) => prices.costs(verb, one));
      if (url === undefined) continue;
      const path = `${verb} ${url.split("?", 1)[0]}`;
      const text = `${who} responded to a priced request. ${advice}`;
      const fault = new ConfigError([{ code: "gate_bypassed", path, message: text }]);
      if (!told) tell(prices, fault);
      told = true;
      return faultReply(fault);
    }
    return undefined;
  };

  const look = (message: IncomingMessage, response: ServerResponse): void => {
    if (passages.has(message)) return;
    const { url = "/" } = message;
    const refuses = () => refusal(message, url, "what comes before the paywall", MOVE);
    passages.set(message, { met: new Set(), lift: keepBack(response, message.method, refuses) });
  };

  /** Whether hooks of others come first, known once the app has started. */
  let ahead: boolean | undefined;
  const isBehindHooks = (): boolean => {
    if (gates.length === 0) return false;
    ahead ??= hooksAhead(app, outpost.hook, new Set(gates.map(({ hook }) => hook)));
    return ahead;
  };

  const outpost: Outpost = {
    post(gate) {
      gates.push(gate);
      if (gates.length > 1) return;
      const { server } = app;
      const isMade = madeServer(app);
      const isAlone = () => server.listenerCount("request") === 1 && server.listeners("request")[0] === own;
      watchRequests(server, (message, response) => {
        if (isMade || !isAlone() || isBehindHooks()) look(message, response);
      });
      watchUpgrades(server, (message) => refusal(message, message.url ?? "/", "a listener of the server", SELL));
    },
    hook(request, reply, done) {
      if (isBehindHooks()) look(request.raw, reply.raw);
      done();
    },
    meets(message, gate) {
      let passage = passages.get(message);
      if (!passage) {
        // An upgrade is watched by its connection.
        if (!(message as { upgrade?: boolean }).upgrade) return;
        passage = { met: new Set(), lift: () => {} };
        passages.set(message, passage);
      }
      const { met, lift } = passage;
      met.add(gate);
      if (gates.every((one) => met.has(one) || one.read() === "none")) lift();
    },
  };
  return outpost;
}

function tell({ source }: Prices, fault: ConfigError): void {
  if (source) reportFault(source, fault);
  else process.emitWarning(fault);
}

const MOVE = 'Register it after the paywall, or make what it serves free with a "free" route';
const SELL = 'Write it with paidUpgrade, let @fastify/websocket serve it, or make the path free with a "free" route';
