import type { NextFunction, Request, Response } from "express";

/** Handlers that tests make apps of. */
export const answer = (_req: Request, res: Response) => void res.send("ok");
/** One that takes `next` and does not call it. */
export const answer3 = (_req: Request, res: Response, _next: NextFunction) => void res.send("ok");
export const pass = (_req: Request, _res: Response, next: NextFunction) => next();
export const notFound = (_req: Request, res: Response) => void res.status(404).send("not found");
export const failed = (_error: unknown, _req: Request, res: Response, _next: NextFunction) => void res.sendStatus(500);
