import type { IncomingMessage } from "node:http";
import type { Server } from "node:net";
import { ConfigError } from "@turnpike/core";
import { faultReply, type Reply, reportFault, shared } from "@turnpike/core/adapter";
import { keepBack, verbOf, watchUpgrades } from "@turnpike/core/node";
import type { NextFunction, Request, RequestHandler, Response } from "express";
import type { TableGate } from "./gates.js";
import { pathsOf, targetPaths } from "./path.js";
import { brand } from "./signs.js";

/** Finds what serves a priced path without asking its gate, since it is ahead of it or beside the app. */
export interface Outpost {
  /** Stands ahead of everything else. */
  readonly handler: RequestHandler;
  /** The request has met the gate. From the first one of a server on, its upgrades are looked after too. */
  meets(req: Request, res: Response): void;
}

const outposts = shared("turnpike.express.outposts", () => new WeakSet<object>());

export function isOutpost(handler: object): boolean {
  return outposts.has(handler);
}

export function createOutpost({ lookup, source }: Pick<TableGate, "lookup" | "source">): Outpost {
  const kept = new WeakMap<Response, () => void>();
  let told = false;

  /** What a success that no gate has let through is replaced by; nothing where the paths are free. */
  const refusal = (paths: readonly string[], verb: string, who: string): Reply | undefined => {
    const { type } = lookup.findAny(paths, verb);
    if (type === "free" || type === "options") return undefined;
    const fault = new ConfigError([
      {
        code: "gate_bypassed",
        path: `${verb} ${paths[0]}`,
        message: `${who} responded to a priced request. ${advice}`,
      },
    ]);
    if (!told) reportFault(source, fault);
    told = true;
    return faultReply(fault);
  };

  const handler = brand((req: Request, res: Response, next: NextFunction): void => {
    const asked = pathsOf(req);
    const refuses = () =>
      refusal([...new Set([...asked, ...pathsOf(req)])], verbOf(req), "what comes before the paywall");
    kept.set(res, keepBack(res, req.method, refuses));
    next();
  });
  outposts.add(handler);
  const ofUpgrade = (message: IncomingMessage) =>
    refusal(targetPaths(message.url ?? "/"), verbOf(message), "a listener of the server");
  let last: Server | undefined;
  return {
    handler,
    meets(req, res) {
      kept.get(res)?.();
      const { server } = req.socket as { server?: Server };
      if (server === last || !server || req.baseUrl !== "") return;
      last = server;
      watchUpgrades(server, ofUpgrade);
    },
  };
}

const advice =
  'Register it after the paywall, write the listener with paidUpgrade, or make what it serves free with "free" entries';
