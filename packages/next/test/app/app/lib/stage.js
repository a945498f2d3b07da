const KEY = Symbol.for("turnpike.test.stage");

/** The handlers of a route file, which the test that runs in this process gives. */
export function serve(file) {
  const handle = (request, context) =>
    globalThis[KEY]?.(file, request, context) ?? new Response("Not found", { status: 404 });
  return { GET: handle, POST: handle, PUT: handle, PATCH: handle, DELETE: handle, OPTIONS: handle };
}
