import type { PricedRoute } from "@turnpike/core/adapter";
import { serve } from "@turnpike/core/node";
import type { NextFunction, Request, RequestHandler, Response } from "express";
import { ExpressRequest } from "./request.js";

/** Lets a request through to the rest of the app once it is paid for. */
export function admit(
  req: Request,
  res: Response,
  next: NextFunction,
  gate: RequestHandler,
  route: PricedRoute<Request>,
  params?: Record<string, string>,
): void {
  serve(route, new ExpressRequest(req, params, gate), {
    message: req,
    response: res,
    run(payment) {
      if (payment) req.payment = payment;
      next();
    },
    fail: next,
  });
}
