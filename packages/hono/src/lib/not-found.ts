interface Fetching {
  router: unknown;
  getPath?: unknown;
  readonly fetch: (request: Request) => unknown;
}

/**
 * Whether an app has a handler for what is not found that could serve something. Hono does not tell, so the handler is
 * called with a context that gives nothing away: it stops at the first thing that it asks of the request. One that only
 * writes an error response serves nothing.
 */
export function servesNotFound(app: Fetching): boolean {
  const { router, getPath } = app;
  let serves = false;
  const probe = (c: object) => {
    serves = mayServe(c as Context);
    return new Response(null, { status: 404 });
  };
  const own = Object.getOwnPropertyDescriptor(app, "router");
  try {
    Object.defineProperty(app, "router", { configurable: true, writable: true, value: { match: () => found(probe) } });
    app.getPath = () => "/";
    app.fetch(new Request("http://turnpike.invalid/"));
  } finally {
    if (own) Object.defineProperty(app, "router", own);
    else app.router = router;
    app.getPath = getPath;
  }
  return serves;
}

const found = (handler: unknown) => [[[[handler, { basePath: "/", path: "/*", method: "ALL", handler }], {}]]];

interface Context {
  notFound(): unknown;
}

const WRITERS = new Set(["text", "json", "html", "body", "newResponse"]);
/** What says nothing of the request and changes the response only. */
const HARMLESS = new Set(["header", "status", "notFound", "res", "finalized"]);

function mayServe(c: Context): boolean {
  const touched: string[] = [];
  let status: number | undefined;
  for (const name of WRITERS) {
    const write = (_: unknown, given?: number | { readonly status?: number }) => {
      status = typeof given === "object" ? given.status : given;
      return new Response(null, { status: 404 });
    };
    Object.defineProperty(c, name, { configurable: true, value: write });
  }
  for (const name of namesOf(c)) {
    if (WRITERS.has(name) || HARMLESS.has(name)) continue;
    const get = () => {
      touched.push(name);
      throw new Error("This request is only thought of.");
    };
    Object.defineProperty(c, name, { configurable: true, get });
  }
  try {
    const made = c.notFound();
    if (made instanceof Promise) made.catch(() => {});
  } catch {
    // It asked something of the request, or fails by itself.
  }
  return touched.length > 0 || status === undefined || status < 400;
}

function namesOf(c: object): string[] {
  const names = new Set(["req", "env", "var", "get", "set", "executionCtx", "event", "error", "render", "redirect"]);
  for (let one = c; one !== null && one !== Object.prototype; one = Object.getPrototypeOf(one)) {
    for (const name of Object.getOwnPropertyNames(one)) if (name !== "constructor") names.add(name);
  }
  return [...names];
}
