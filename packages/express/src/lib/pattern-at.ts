import type { Application, Request, RequestHandler } from "express";
import { atRoot, type Layer } from "./layers.js";
import { type Place, placesOf, reaches } from "./places.js";
import { handleOf } from "./signs.js";

/** Names that are kept for each gate: clients choose what is in a base with a parameter. */
const MOST = 500;

const kept = new WeakMap<object, Map<string, string>>();

/**
 * The full pattern of what a gate prices, with the patterns of all routers and apps that it is mounted in.
 * @param own the path of a table's key, relative to the gate. @default the path of the gate's route
 */
export function patternAt(req: Request, gate: RequestHandler, own: string | undefined): string {
  const names = kept.get(gate) ?? new Map<string, string>();
  kept.set(gate, names);
  const key = `${req.baseUrl} ${own ?? textOf(req.route?.path)}`;
  let name = names.get(key);
  if (name === undefined) {
    if (names.size >= MOST) names.clear();
    name = appBase(req.app) + patternWithin(req, gate, own);
    names.set(key, name);
  }
  return name;
}

function patternWithin(req: Request, gate: RequestHandler, own: string | undefined): string {
  const holds = ({ layer }: Place) =>
    layer.route
      ? layer.route === req.route && layer.route.stack.some((entry) => handleOf(entry) === (gate as unknown))
      : handleOf(layer) === (gate as unknown);
  const places = placesOf(req.app).filter(holds);
  const place = places.find((one) => isWithin(one, req)) ?? places[0];
  if (!place) return own ?? "/*";
  const { mounts, layer } = place;
  const base = [...mounts, ...(layer.route ? [] : [layer])].map(mountPattern).join("");
  const path = own ?? (layer.route ? textOf(layer.route.path) : "/*");
  return path === "/" && base !== "" ? base : base + path;
}

/** Whether a request that has come below some base gets to the place; how much of the base led to its app is not known. */
function isWithin(place: Place, { baseUrl, path }: Request): boolean {
  const parts = baseUrl.split("/");
  return parts.length <= 32 && parts.some((_, at) => reaches(place, ["", ...parts.slice(at + 1)].join("/") + path));
}

/** What the app itself is mounted below. */
function appBase(app: Application): string {
  let base = "";
  const seen = new Set<Application>();
  for (let at: Application | undefined = app; at && !seen.has(at); at = (at as { parent?: Application }).parent) {
    seen.add(at);
    base = textOf(at.mountpath).replace(/\/$/, "") + base;
  }
  return base;
}

function mountPattern(layer: Layer): string {
  if (atRoot(layer)) return "";
  const { rawPath, regexp } = layer;
  return (rawPath === undefined ? written(layer, regexp) : textOf(rawPath)).replace(/\/$/, "");
}

/** Express 4 keeps only the expression that it has made of the path, and the names of its parameters. */
function written({ keys = [] }: Layer, regexp: RegExp | undefined): string {
  const source = regexp?.source ?? "";
  let at = 0;
  const path = source
    .replace(/^\^/, "")
    .replace("\\/?(?=\\/|$)", "")
    .replace(/\(\?:(\\\/)?\(\[\^\\?\/\]\+\?\)\)/g, (_, slash = "") => `${slash}:${keys[at++]?.name}`)
    .replace(/\\([/.-])/g, "$1");
  return /^[/\w\-.~%@:?]+$/.test(path) ? path : `/${source}/`;
}

/** A path as Express takes it: text, an expression, or a list of these. */
function textOf(path: unknown): string {
  if (!Array.isArray(path)) return path === undefined ? "" : String(path);
  const texts = path.flat(Infinity).map(String);
  return texts.length === 1 ? (texts[0] as string) : `(${texts.join("|")})`;
}
