import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Server } from "node:net";
import { ConfigError } from "@turnpike/core";
import { faultReply, type Reply, reportFault } from "@turnpike/core/adapter";
import { keepBack } from "@turnpike/core/node";
import type { Application } from "express";
import { soldElsewhere } from "./judge-paid.js";
import { stackOf } from "./layers.js";
import { targetPaths } from "./path.js";
import { Scene } from "./scene.js";

/** What Node tells of each request of each server, ahead of the server's listeners. */
const CHANNEL = "http.server.request.start";

let watching = false;

/**
 * Looks after what `paid()` cannot see: its own handler, registered for `OPTIONS` or `HEAD` besides, would be served there
 * unpaid. The check of an app refuses that; this replaces what such a handler responds where the check was not called.
 */
export function watchBeside(): void {
  if (watching) return;
  watching = true;
  subscribe(CHANNEL, (message) => {
    const { request, response, server } = message as Started;
    if (request.method !== "OPTIONS" && request.method !== "HEAD") return;
    const app = server.listeners("request").find(isApp);
    // Below a mount the app takes a part of it away.
    const { url = "/" } = request;
    if (app && mayLeak(app)) keepBack(response, request.method, () => refusal(app, url));
  });
}

interface Started {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly server: Server;
}

function isApp(listener: unknown): listener is Application {
  return typeof listener === "function" && "mountpath" in listener && "handle" in listener;
}

/** Whether some path of an app is served so, by the number of its layers: more may come. */
const leaks = new WeakMap<Application, { readonly layers: number; readonly leaks: boolean }>();

function mayLeak(app: Application): boolean {
  const layers = stackOf(app).length;
  const known = leaks.get(app);
  if (known?.layers === layers) return known.leaks;
  let found: boolean;
  try {
    const scene = new Scene(app);
    found = soldElsewhere(scene, scene.paths) !== undefined;
  } catch {
    // The response itself will be looked at.
    found = true;
  }
  leaks.set(app, { layers, leaks: found });
  return found;
}

const told = new WeakSet<object>();

function refusal(app: Application, url: string): Reply | undefined {
  let unpaid: ReturnType<typeof soldElsewhere>;
  try {
    unpaid = soldElsewhere(new Scene(app), targetPaths(url));
  } catch (error) {
    process.emitWarning(error as Error);
    return faultReply(new ConfigError([{ code: "check_failed", path: "app", message: "the check of the app failed" }]));
  }
  if (!unpaid) return undefined;
  const fault = new ConfigError([unpaid.problem]);
  if (!told.has(unpaid.gate.handler)) reportFault(unpaid.gate.source, fault);
  told.add(unpaid.gate.handler);
  return faultReply(fault);
}
