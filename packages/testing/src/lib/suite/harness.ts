import type { IncomingMessage, ServerResponse } from "node:http";
import type { Payment, PaywallConfig, RoutePrice } from "@turnpike/core/adapter";

/** What an adapter implements to run the contract suite: how to serve a stage with its framework. */
export interface Harness {
  readonly name: string;
  /** What handlers write to: Node's response, or a Fetch `Response` that they return. */
  readonly answers: "node" | "fetch";
  /** Starts one listening server on 127.0.0.1, port 0, with the routes of the stage in their order. */
  start(stage: Stage): Promise<RunningStage>;
  /** Path and query of the framework's request that price functions get. */
  url(raw: never): string;
  /** A path as in route names; absent if the framework does not expose a route's pattern. */
  pattern?(path: Path): string;
  /**
   * Builds the app of a stage and checks it as a seller would (`paywall.check(app)`, or by starting), without serving.
   * Throws what the check throws.
   */
  check?(stage: Stage): Promise<void>;
  /** Cases that the framework cannot serve, with the reason. */
  readonly exceptions?: Readonly<Record<string, string>>;
}

export interface RunningStage {
  /** For example `http://127.0.0.1:1234`. */
  readonly origin: string;
  /** Closes every connection and stops. */
  close(): Promise<void>;
}

/** A part of a route's path, which the harness writes in its framework's path syntax. */
export type PathPart =
  | string
  /** One segment. */
  | { readonly param: string }
  /** Every segment from here on: one or more, or any number if optional. */
  | { readonly rest: string; readonly optional?: boolean };

export type Path = readonly PathPart[];

/** What to serve: a new one for each start. */
export interface Stage {
  /** For `createPaywall`, without its routes. */
  readonly config: PaywallConfig;
  /** The app without a paywall, to compare responses. */
  readonly unprotected: boolean;
  /** Add the paywall twice. */
  readonly twice: boolean;
  /** Where the app-wide paywall goes. `never`: it is created but not added to the app. */
  readonly gate: GatePlace;
  /** Serves what no route serves: its handler runs for every method and path that reaches it. */
  readonly fallback: Fallback | undefined;
  /** Headers that the app sets on every response ahead of the paywall, as CORS middleware would. */
  readonly appHeaders: readonly (readonly [name: string, value: string])[];
  readonly routes: readonly StageRoute[];
  /**
   * The routes' prices for the app-wide paywall.
   * @param write a path in the framework's syntax
   */
  table(write: (path: Path) => string): Record<string, RoutePrice | "free">;
}

/**
 * `ahead` of all routes at the root, `behind` them, `never` mounted, `below` a path, or by the form of the adapter that
 * takes the `app` itself once all routes are there. `below` a path, a framework whose tables are relative to their mount
 * takes that path off the table's paths that begin with it, and leaves the others as they are.
 */
export type GatePlace = "ahead" | "behind" | "never" | "app" | { readonly below: Path };

/** What comes after all routes, at the root of the app. */
export interface Fallback {
  /** A catch-all route, the framework's file server for a folder, or its not-found handler. */
  readonly kind: "catch-all" | "files" | "not-found";
  /** The folder that the file server serves. */
  readonly folder?: string;
  /** The handler of the other kinds. */
  run(request: StageRequest): Promise<StageAnswer>;
}

/** One route of the app. */
export interface StageRoute {
  /** A method in upper case, or `ALL`. */
  readonly method: string;
  /** Where its router, sub-app or prefixed plugin is mounted, outermost first; empty: on the app itself. */
  readonly mount: readonly Path[];
  /** Its path there. */
  readonly path: Path;
  /** Price the route itself with `paid`. Absent: the table prices it, or it is free. */
  readonly paid?: RoutePrice;
  /** The table's entry for this route, for frameworks that only have wrappers. */
  readonly listed?: RoutePrice | "free";
  /** The method in the table, if it differs from the route's own. */
  readonly verb: string;
  /** The handler needs Node's own request and response: `runNode`. On Fetch frameworks it is `runFetch` as usual. */
  readonly raw: boolean;
  /** The handler: returns a response to send with the framework's usual calls; may throw, or never respond. */
  run(request: StageRequest): Promise<StageAnswer>;
  /** The handler, writing to Node's response. */
  runNode(request: IncomingMessage, response: ServerResponse): unknown;
  /** The handler, for frameworks whose handlers return a `Response`. */
  runFetch(request: StageRequest): Promise<Response>;
}

/** What a handler of the stage reads from its request. */
export interface StageRequest {
  readonly method: string;
  /** Path and query as given by the framework. */
  readonly url: string;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly payment?: Payment | undefined;
  /** The request body as text. */
  text(): Promise<string>;
}

/** The response of a handler of the stage. */
export interface StageAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Text, bytes, a stream, or none. */
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array> | undefined;
}
