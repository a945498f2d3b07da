import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Paywall } from "@turnpike/core";
import type { Framework, Run } from "./build.js";
import { Intention, type Plan } from "./plan.js";
import type { RawRequest } from "./spellings.js";
import { type Sent, sendAll } from "./wire.js";

/** What one app gave for one request. */
export interface Served {
  readonly key: string;
  readonly priced: boolean;
}

/** A listening app that writes down what runs. */
export interface Listening {
  readonly port: number;
  /** What every request of these got, by its place. */
  ask(requests: readonly RawRequest[]): Promise<Served[][]>;
  /** How many priced files went out in responses that were not told apart. */
  readonly files: number;
  close(): Promise<void>;
}

const filePattern = /<<file:([^>]*)>>/g;

export interface House {
  readonly framework: Framework;
  readonly folder: string;
  readonly tolls: Paywall;
}

/** @throws what speaks against the app */
export async function listen({ framework, folder, tolls }: House, plan: Plan, guarded: boolean): Promise<Listening> {
  const runs = new Map<string, Run[]>();
  const seen = new Set<string>();
  const ran = (run: Run) => void runs.set(run.request, [...(runs.get(run.request) ?? []), run]);
  const app = await framework.build({ plan, tolls: guarded ? tolls : undefined, folder, ran });
  app.server.prependListener("request", (request) => seen.add(String(request.headers["x-fuzz"])));
  app.server.listen(0, "127.0.0.1");
  await once(app.server, "listening");
  const { port } = app.server.address() as AddressInfo;
  const intention = new Intention(plan);
  const below = `/${(plan.fallback?.below ?? []).join("/")}`.replace(/\/$/, "");
  let next = 0;
  let files = 0;

  /** Where `OPTIONS` goes to middleware, which may be CORS: the docs say so. */
  const isPassed = ({ method, route }: Run): boolean =>
    framework.abilities.passesOptions &&
    method === "OPTIONS" &&
    route === undefined &&
    /^(middleware|missing)$/.test(plan.fallback?.kind ?? "");

  function judge(run: Run): Served {
    const { route, path, method } = run;
    const opened = path !== undefined && intention.opensPath(path, method);
    const byRoute = route !== undefined && !opened && intention.sellsRoute(route, method);
    // Behind a gate below a path, a route elsewhere is sold by its own pattern, whatever its parameters spell.
    const resolves = route === undefined || typeof plan.gate === "string";
    const byPath = path !== undefined && resolves && !isPassed(run) && intention.sellsPath(path, method);
    return { key: route === undefined ? `path ${path}` : `route ${route} ${path}`, priced: byRoute || byPath };
  }
  const judgeFiles = (bytes: string): Served[] =>
    [...bytes.matchAll(filePattern)].map(([, file]) => ({
      key: `file ${below}${file}`,
      priced: intention.sellsPath(below + file, "GET"),
    }));

  async function ask(requests: readonly RawRequest[]): Promise<Served[][]> {
    const sent: Sent[] = requests.map((request) => ({ id: `f${next++}`, request }));
    const found = new Map<string, Served[]>();
    const alone: Sent[] = [];
    await sendAll(
      port,
      sent,
      (id) => seen.has(id),
      (bytes, batch) => {
        const served = judgeFiles(bytes);
        const first = batch[0];
        const priced = served.filter((one) => one.priced).length;
        if (batch.length === 1 && first) found.set(first.id, served);
        // Content tells its file, not its request, so a connection that sold too much is taken apart.
        else if (guarded && priced > 0) alone.push(...batch);
        else files += priced;
      },
    );
    for (const one of alone) {
      await sendAll(
        port,
        [one],
        () => true,
        (bytes) => found.set(one.id, judgeFiles(bytes)),
      );
    }
    return sent.map(({ id }) => {
      // A request that was sent again has run twice, and counts once.
      const byKey = new Map((runs.get(id) ?? []).map((run) => [JSON.stringify(run), judge(run)]));
      return [...byKey.values(), ...(found.get(id) ?? [])];
    });
  }
  return {
    port,
    ask,
    get files() {
      return files;
    },
    close: () => closeServer(app.server, app.close),
  };
}

async function closeServer(server: Server, close: () => Promise<void>): Promise<void> {
  server.closeAllConnections();
  const closed = once(server, "close");
  server.close();
  await Promise.all([closed, close()]);
}
