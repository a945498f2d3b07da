import type { Server } from "node:http";
import type { Paywall } from "@turnpike/core";
import type { Abilities } from "./generate.js";
import type { Path, Plan } from "./plan.js";

/** What ran for a request, by the id that the request carries. */
export interface Run {
  readonly request: string;
  readonly method: string;
  readonly route?: string;
  /** The plain path of what was served, as the handler read it. */
  readonly path?: string;
}

export interface Parts {
  readonly plan: Plan;
  /** Nothing in the app that judges. */
  readonly tolls: Paywall | undefined;
  /** A folder with files whose content names them. */
  readonly folder: string;
  ran(run: Run): void;
}

export interface Framework {
  readonly abilities: Abilities;
  /** How its path language writes a path. */
  write(path: Path): string;
  /** @throws what the framework, or the paywall's check, has against the app */
  build(parts: Parts): Promise<BuiltApp>;
}

export interface BuiltApp {
  readonly server: Server;
  /** Prepares a listening server of the app. */
  close(): Promise<void>;
}

/** The path that a route's parameters name; values are decoded by the framework. */
export function pathOf(path: Path, values: Readonly<Record<string, unknown>>): string {
  const texts = path.map((piece) => {
    if (typeof piece === "string") return piece;
    const value = "rest" in piece ? (values[piece.rest] ?? values["*"] ?? values["0"]) : values[piece.param];
    return [value ?? ""].flat().join("/");
  });
  return `/${texts.filter((text) => text !== "").join("/")}`;
}

/** A table in the framework's own path language. */
export function writeTable(
  { table, gate }: Plan,
  write: (path: Path) => string,
  relative: boolean,
): Record<string, "$0.01" | "free"> {
  const below = relative && typeof gate === "object" ? gate.below.length : 0;
  return Object.fromEntries(table.map(({ method, path, price }) => [`${method} ${write(path.slice(below))}`, price]));
}
