import type { IncomingMessage, ServerResponse } from "node:http";
import type { Awaitable, PaywallConfig, RouteOptions, RoutePrice } from "@turnpike/core/adapter";
import type { Fallback, GatePlace, Path, Stage, StageAnswer, StageRequest, StageRoute } from "./harness.js";

/** A price as a case writes it. Its text may be any: some prices are wrong on purpose, and some are put together. */
export type PlannedPrice = PlainPrice | (Omit<RouteOptions<unknown, string>, "price"> & { readonly price: PlainPrice });

type PlainPrice =
  | string
  | { readonly amount: string | bigint; readonly asset: string }
  | ((request: unknown) => Awaitable<unknown>);

/** A route as a case writes it; what it leaves out is the usual. */
export interface RoutePlan {
  /** Names its counter. @default its path */
  readonly id?: string;
  /** @default "GET" */
  readonly method?: string;
  readonly mount?: readonly Path[];
  readonly path: Path;
  /** No price is asked if left out. */
  readonly price?: PlannedPrice;
  /** @default "table" */
  readonly on?: "table" | "route";
  /** The method that the table prices. @default the route's */
  readonly verb?: string;
  /** @default `{"<id>":true}` */
  readonly handle?: (request: StageRequest) => Awaitable<Partial<StageAnswer>>;
  /** Writes to Node's response itself. */
  readonly node?: (request: IncomingMessage, response: ServerResponse) => unknown;
  /** The same on frameworks whose handlers return a `Response`. */
  readonly fetch?: (request: StageRequest) => Awaitable<Response>;
}

export interface StagePlan {
  readonly routes: readonly RoutePlan[];
  readonly config: PaywallConfig;
  readonly unprotected?: boolean;
  readonly twice?: boolean;
  /** @default "ahead" */
  readonly gate?: GatePlace;
  /** Its runs are counted as `fallback`; it returns `{"fallback":true}`. */
  readonly fallback?: Omit<Fallback, "run">;
  readonly appHeaders?: Stage["appHeaders"];
  /** More entries for the table, which no route serves. */
  readonly unserved?: readonly { readonly verb: string; readonly path: Path; readonly price: PlannedPrice }[];
}

/** A stage with the counters of its handlers. */
export interface CountedStage {
  readonly stage: Stage;
  runs(id: string): number;
}

export function setStage(plan: StagePlan): CountedStage {
  const counts = new Map<string, number>();
  const count = (id: string) => counts.set(id, (counts.get(id) ?? 0) + 1);
  const routes = plan.routes.map((route) => placeRoute(route, count));
  const fallback = plan.fallback && {
    ...plan.fallback,
    run: async (): Promise<StageAnswer> => {
      count("fallback");
      return { status: 200, headers: [["content-type", "application/json"]], body: '{"fallback":true}' };
    },
  };
  return {
    runs: (id) => counts.get(id) ?? 0,
    stage: {
      config: plan.config,
      unprotected: plan.unprotected ?? false,
      twice: plan.twice ?? false,
      gate: plan.gate ?? "ahead",
      fallback,
      appHeaders: plan.appHeaders ?? [],
      routes,
      table(write) {
        const entries = [
          ...routes.flatMap(({ verb, mount, path, listed }) =>
            listed !== undefined ? [{ verb, path: [...mount.flat(), ...path], price: listed }] : [],
          ),
          ...(plan.unserved ?? []),
        ];
        return Object.fromEntries(
          entries.map(({ verb, path, price }) => [`${verb} ${write(path)}`, price as RoutePrice | "free"]),
        );
      },
    },
  };
}

function placeRoute(plan: RoutePlan, count: (id: string) => void): StageRoute {
  const id = plan.id ?? plan.path.join("/");
  const method = plan.method ?? "GET";
  const run = async (request: StageRequest): Promise<StageAnswer> => {
    count(id);
    const answer = plan.handle ? await plan.handle(request) : { body: JSON.stringify({ [id]: true }) };
    const headers = answer.headers ?? [["content-type", "application/json"]];
    return { status: answer.status ?? 200, headers, body: answer.body };
  };
  const priced = plan.price === undefined ? {} : plan.on === "route" ? { paid: plan.price } : { listed: plan.price };
  return {
    method,
    mount: plan.mount ?? [],
    path: plan.path,
    ...(priced as Pick<StageRoute, "paid" | "listed">),
    verb: plan.verb ?? method,
    raw: plan.node !== undefined,
    run,
    runNode(request, response) {
      count(id);
      return plan.node?.(request, response);
    },
    async runFetch(request) {
      if (!plan.fetch) return toResponse(await run(request));
      count(id);
      return plan.fetch(request);
    },
  };
}

const bodyless = new Set([204, 205, 304]);

function toResponse({ status, headers, body }: StageAnswer): Response {
  const fields = headers.map(([name, value]): [string, string] => [name, value]);
  const content = body === undefined || bodyless.has(status) ? null : body;
  if (content === null || typeof content === "string") return new Response(content, { status, headers: fields });
  if (content instanceof Uint8Array) return new Response(new Uint8Array(content), { status, headers: fields });
  return new Response(toStream(content), { status, headers: fields });
}

function toStream(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}
