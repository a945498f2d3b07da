import type { Request, RequestHandler } from "express";

const logger = { log: (request: Partial<Request>) => request.res?.send("goods") };
const tag = (_: TemplateStringsArray, request: Partial<Request>) => request.res?.send("goods");
const holder = {
  set request(request: Partial<Request>) {
    request.res?.send("goods");
  },
};
const helper = (req: Request) => req.res?.send("goods");

/** Handlers that call `next()`, and respond by themselves now and then. */
export const seemToPass: Record<string, RequestHandler> = {
  byTheResponse: (req, res, next) => (req.query.a ? void res.send("goods") : next()),
  byTheRequest: (req, _res, next) => (req.query.a ? void req.res?.send("goods") : next()),
  byPart: ({ res, query }, _res, next) => (query.a ? void res?.send("goods") : next()),
  byTakingItApart: (req, _res, next) => {
    const { res } = req;
    if (req.query.a) res?.send("goods");
    else next();
  },
  byHelp: (req, _res, next) => {
    if (req.query.a) helper(req);
    else next();
  },
  byTheConnection: (req, _res, next) => {
    if (req.query.a) req.socket.end("goods");
    else next();
  },
  byChain: (req, res, next) => {
    if (!req.query.a) return next();
    res.set("x-a", "b").send("goods");
  },
  byChainOfLines: (req, res, next) => {
    if (!req.query.a) return next();
    // biome-ignore format: as people write it
    res.set("x-a", "b")
      .send("goods");
  },
  byAMethodOfTheRequest: (req, _res, next) => {
    if (req.query.a) (req as unknown as { respond(): void }).respond();
    else next();
  },
  byAMethodOfTheRequestAlone: (req, _res, next) => {
    // @ts-expect-error: of the app's own
    req.respond(req.cached);
    next();
  },
  byAGetterOfTheRequest: (req, _res, next) => {
    // @ts-expect-error: of the app's own
    const _cached = req.cached;
    next();
  },
  bySpread: (req, _res, next) => {
    logger.log({ ...req, res: req.res });
    if (req.query.a) next();
  },
  byASpreadInALog: (req, _res, next) => {
    // biome-ignore lint/suspicious/noConsole: as apps log
    console.log({ ...req });
    next();
  },
  byASetter: (req, _res, next) => {
    holder.request = { ...req };
    if (req.query.a) next();
  },
  byASetterOfTheRequest: (req, _res, next) => {
    // @ts-expect-error: of the app's own
    req.cached = "a";
    next();
  },
  byASetterInAnArgument: (req, res, next) => {
    // biome-ignore lint/suspicious/noAssignInExpressions: another way to hand it on
    res.set("x-a", String((holder.request = req)));
    next();
  },
  byATag: (req, _res, next) => {
    tag`${{ ...req }}`;
    if (req.query.a) next();
  },
  byACommentAheadOfBrackets: (req, _res, next) => {
    const copy = { ...req };
    // biome-ignore format: as a comment would hide it
    copy.res?.send/* now */("goods");
    if (req.query.a) next();
  },
  byALineAheadOfBrackets: new Function("req", "res", "next", 'next()\n;res.send // "\n("goods")') as RequestHandler,
  byAnExpression: new Function("req", "res", "next", "/'/; res.send(1); /'/; next()") as RequestHandler,
  byAnEscapedName: new Function("req", "res", "next", 're\\u0073.send("goods"); next()') as RequestHandler,
  byADefault: new Function("return (req, res, next = res.send(1)) => { next() }")() as RequestHandler,
  byAKnownName: new Function("console", "res", "next", "console.log('goods'); next()") as RequestHandler,
  byAnError: (req, _res, next) => {
    if (req.query.a) throw { ...req };
    next();
  },
  byArguments: function (_req, _res, next) {
    // biome-ignore lint/complexity/noArguments: another way to the response
    if (arguments.length === 3) arguments[1].send("goods");
    else next();
  },
};
