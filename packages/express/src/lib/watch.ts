import { ConfigError } from "@turnpike/core";
import { faultReply, reportFault } from "@turnpike/core/adapter";
import { writeReply } from "@turnpike/core/node";
import type { Request, Response } from "express";
import type { Gate } from "./gates.js";
import { checkGate } from "./served.js";

/** Watches one gate while it serves: a misplaced gate is found by the first request, whatever that asks for. */
export interface Watch {
  /** Called with every request. */
  look(req: Request): void;
  /** Refuses a priced request while the gate is misplaced; a route that was added in the meantime may have put it right. */
  refuses(req: Request, res: Response): boolean;
}

export function createWatch(gate: Gate): Watch {
  let looked = false;
  let fault: ConfigError | undefined;
  let told = "";

  function check(req: Request): void {
    try {
      fault = checkGate(gate, req);
    } catch (error) {
      process.emitWarning(error as Error);
      const message = "the check of the app failed with an internal error, so no route is verified; please report it";
      fault = new ConfigError([{ code: "check_failed", path: "app", message }]);
    }
    if (!fault || fault.message === told) return;
    told = fault.message;
    reportFault(gate.source, fault);
  }

  return {
    look(req) {
      if (looked) return;
      looked = true;
      check(req);
    },
    refuses(req, res) {
      if (!fault) return false;
      check(req);
      if (!fault) return false;
      writeReply(res, faultReply(fault), req.method);
      return true;
    },
  };
}
