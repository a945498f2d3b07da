import type { IncomingMessage, ServerResponse } from "node:http";
import type { Payment, PaywallConfig, RoutePrice } from "@turnpike/core/adapter";

/** What an adapter writes to run the contract suite: how to put a stage onto a server of its framework. */
export interface Harness {
  readonly name: string;
  /** What the framework's handlers write to: Node's response, or a Fetch `Response` that they return. */
  readonly answers: "node" | "fetch";
  /** Starts one listening server on 127.0.0.1, port 0, with the routes of the stage in their order. */
  start(stage: Stage): Promise<RunningStage>;
  /** Path and query of the framework's own request, which price functions get. */
  url(raw: never): string;
  /** A path as names of routes write it; absent where the framework tells no pattern of a route. */
  pattern?(path: Path): string;
  /**
   * Makes the app of a stage and checks it as a seller would (`paywall.check(app)`, or the start itself), without serving.
   * Throws what the check throws.
   */
  check?(stage: Stage): Promise<void>;
  /** Cases that the framework cannot serve, with the reason. */
  readonly exceptions?: Readonly<Record<string, string>>;
}

export interface RunningStage {
  /** For example `http://127.0.0.1:1234`. */
  readonly origin: string;
  /** Ends every connection and stops. */
  close(): Promise<void>;
}

/** A piece of a route's path, for the harness to write in its framework's path language. */
export type PathPart =
  | string
  /** One segment. */
  | { readonly param: string }
  /** Every segment from here on: one or more, or any number if optional. */
  | { readonly rest: string; readonly optional?: boolean };

export type Path = readonly PathPart[];

/** What is to be served: a fresh one for each start. */
export interface Stage {
  /** For `createPaywall`, without its routes. */
  readonly config: PaywallConfig;
  /** The app without any paywall, to compare answers with. */
  readonly unprotected: boolean;
  /** Put the paywall in twice. */
  readonly twice: boolean;
  /** Where the app-wide paywall stands. `never`: it is made, and not given to the app. */
  readonly gate: GatePlace;
  /** Serves what no route serves: its handler runs for every method and every path that reaches it. */
  readonly fallback: Fallback | undefined;
  /** Fields that the app sets on every answer, ahead of the paywall, as a CORS middleware would. */
  readonly appHeaders: readonly (readonly [name: string, value: string])[];
  readonly routes: readonly StageRoute[];
  /**
   * The routes' prices for the app-wide paywall.
   * @param write a path in the framework's path language
   */
  table(write: (path: Path) => string): Record<string, RoutePrice | "free">;
}

/**
 * `ahead` of all routes at the root, `behind` them, `never` mounted, `below` a path, or by the form of the adapter that
 * takes the `app` itself once all routes are there. `below` a path, a framework whose tables are relative to their mount
 * takes that path off the table's paths that begin with it, and leaves the others as they are.
 */
export type GatePlace = "ahead" | "behind" | "never" | "app" | { readonly below: Path };

/** What stands behind all routes, at the root of the app. */
export interface Fallback {
  /** A route for every path, the framework's file server over a folder, or its handler for what is not found. */
  readonly kind: "catch-all" | "files" | "not-found";
  /** The folder that the file server serves. */
  readonly folder?: string;
  /** What the other kinds run. */
  run(request: StageRequest): Promise<StageAnswer>;
}

/** One route of the app. */
export interface StageRoute {
  /** A verb in upper case, or `ALL`. */
  readonly method: string;
  /** Where its router, sub-app or prefixed plugin is mounted, from the outside in; empty: the app itself. */
  readonly mount: readonly Path[];
  /** Its path there. */
  readonly path: Path;
  /** Put this price on the route itself, by `paid`. Absent: the table prices it, or nobody does. */
  readonly paid?: RoutePrice;
  /** What the table has for this route, for frameworks whose only form is a wrapper. */
  readonly listed?: RoutePrice | "free";
  /** The verb that the table lists, when it is not the route's own. */
  readonly verb: string;
  /** The handler wants Node's own request and response: `runNode`. On Fetch frameworks it is `runFetch` as ever. */
  readonly raw: boolean;
  /** The handler: gives an answer to be sent by the framework's usual calls; may throw, or never answer. */
  run(request: StageRequest): Promise<StageAnswer>;
  /** The handler, writing to Node's response. */
  runNode(request: IncomingMessage, response: ServerResponse): unknown;
  /** The handler, for frameworks whose handlers return a `Response`. */
  runFetch(request: StageRequest): Promise<Response>;
}

/** What a handler of the stage asks about its request. */
export interface StageRequest {
  readonly method: string;
  /** Path and query as the framework gives them. */
  readonly url: string;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly payment?: Payment | undefined;
  /** The request body as text. */
  text(): Promise<string>;
}

/** What a handler of the stage answers. */
export interface StageAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Text, bytes, a stream, or none. */
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array> | undefined;
}
