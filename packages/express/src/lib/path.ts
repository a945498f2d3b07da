import type { ReadPath, Segment } from "@turnpike/core/adapter";
import type { Request } from "express";
import { type Node, parsePattern, Unreadable } from "./pattern.js";

/** A pattern without its optional parts decided: literals, parameters and wildcards. */
type Piece = Exclude<Node, { type: "group" }>;

/** Optional parts double the paths that a pattern stands for. */
const MOST_ALTERNATIVES = 64;

/**
 * Reads a pattern in the path language of Express: literals, `:name`, a wildcard (`*name` in Express 5, `*` in 4; a bare
 * `*` is taken in both), optional parts (`{/:name}` in 5, `/:name?` in 4). A pattern that ends in `/*` prices the bare
 * path too, since whatever is mounted there serves both.
 */
export function readPath(pattern: string, major: 4 | 5): ReadPath {
  try {
    const nodes = openEnd(parsePattern(pattern, major));
    return { native: major === 5 ? write5(nodes) : write4(nodes), shapes: alternatives(nodes).map(shapeOf) };
  } catch (error) {
    if (error instanceof Unreadable) return { problem: error.message };
    throw error;
  }
}

/** Paths that the pattern matches, with this value for every parameter. */
export function examplesOf(pattern: string, major: 4 | 5, value: string): string[] {
  return alternatives(parsePattern(pattern, major)).map((pieces) =>
    pieces.map((piece) => (piece.type === "text" ? piece.text : value)).join(""),
  );
}

/** `/files/*` becomes `/files{/*}`. */
function openEnd(nodes: readonly Node[]): Node[] {
  const last = nodes.at(-1);
  const before = nodes.at(-2);
  const wild = last?.type === "group" && last.nodes.length === 1 ? last.nodes[0] : last;
  if (wild?.type !== "wild" || before?.type !== "text" || !before.text.endsWith("/")) return [...nodes];
  const base = before.text.slice(0, -1);
  if (base === "" && nodes.length === 2) return [before, { type: "group", nodes: [wild] }];
  const text: Node[] = base === "" ? [] : [{ type: "text", text: base }];
  return [...nodes.slice(0, -2), ...text, { type: "group", nodes: [{ type: "text", text: "/" }, wild] }];
}

function write5(nodes: readonly Node[]): string {
  let wilds = 0;
  const write = (node: Node): string => {
    if (node.type === "text") return node.text;
    if (node.type === "param") return `:${node.name}`;
    if (node.type === "wild") return `*${node.name ?? `wild${wilds++}`}`;
    return `{${node.nodes.map(write).join("")}}`;
  };
  return nodes.map(write).join("");
}

/**
 * An open end makes two paths of it, with a space between: Express 4 has no sign for it that it does not take for a part of
 * the parameter before.
 */
function write4(nodes: readonly Node[]): string {
  const write = (node: Node): string => {
    if (node.type === "text") return node.text;
    if (node.type === "param") return `:${node.name}`;
    if (node.type === "wild") return "*";
    const inner = node.nodes.map(write).join("");
    return inner === "*" ? inner : `${inner}?`;
  };
  const last = nodes.at(-1);
  if (last?.type !== "group" || last.nodes.length < 2 || last.nodes.at(-1)?.type !== "wild") {
    return nodes.map(write).join("");
  }
  const bare = nodes.slice(0, -1).map(write).join("");
  return `${bare || "/"} ${bare}${last.nodes.map(write).join("")}`;
}

/** What a router takes for a pattern as it was written for it. A literal space is `%20`. */
export const nativePaths = (native: string): string[] => native.split(" ");

function alternatives(nodes: readonly Node[]): Piece[][] {
  let lines: Piece[][] = [[]];
  for (const node of nodes) {
    if (node.type === "group") {
      const inner = alternatives(node.nodes);
      lines = lines.flatMap((line) => [line, ...inner.map((tail) => [...line, ...tail])]);
    } else {
      lines = lines.map((line) => [...line, node]);
    }
    if (lines.length > MOST_ALTERNATIVES)
      throw new Unreadable("has too many optional parts; list its forms one by one");
  }
  return lines;
}

function shapeOf(pieces: readonly Piece[]): Segment[] {
  const shape: Segment[] = [];
  for (const parts of segmentsOf(pieces)) {
    const text = parts.map((part) => (part.type === "text" ? part.text : "")).join("");
    const literal = parts.every(({ type }) => type === "text");
    if (literal && (text === "." || text === ".."))
      throw new Unreadable(`"${text}" stands for another path; write that path`);
    const wild = parts.some(({ type }) => type === "wild");
    const whole = parts.length === 1;
    if (literal) shape.push({ type: "literal", text: text.toLowerCase() });
    else if (!(wild && whole)) shape.push({ type: "param" });
    if (wild) shape.push({ type: "rest" });
  }
  return shape;
}

/** The pieces between slashes; a slash at the end says nothing. */
function segmentsOf(pieces: readonly Piece[]): Piece[][] {
  const segments: Piece[][] = [];
  for (const piece of pieces) {
    if (piece.type !== "text") {
      segments.at(-1)?.push(piece);
      continue;
    }
    piece.text.split("/").forEach((text, at) => {
      if (at > 0) segments.push([]);
      if (text !== "") segments.at(-1)?.push({ type: "text", text });
    });
  }
  if (segments.at(-1)?.length === 0) segments.pop();
  if (segments.some(({ length }) => length === 0)) throw new Unreadable('has an empty segment; write one "/"');
  return segments;
}

/**
 * The paths of a request: Express's own reading, and the target as it was sent. The two differ where the authority is none
 * that Express's parser knows, and where a `#` makes it rewrite what is ahead. Whatever serves behind the gate may take
 * either.
 */
export function pathsOf(request: Request): readonly string[] {
  const { path, url } = request;
  const routed = routedPath(request, path);
  const isAsSent = url === path || (url.startsWith(path) && url[path.length] === "?");
  if (isAsSent && path.startsWith("/")) return [routed];
  const sent = routedPath(request, sentPath(url));
  return sent === routed ? [routed] : [routed, sent];
}

/** The paths of a request target that Express has not seen. */
export function targetPaths(target: string): readonly string[] {
  const sent = sentPath(target);
  return [...new Set([sent.split("#", 1)[0] || "/", sent])];
}

/** A target without authority and query. */
function sentPath(url: string): string {
  const target = url.startsWith("/") ? url : url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/\\]*/i, "");
  const sent = target.split("?", 1)[0] ?? "";
  return sent.startsWith("/") ? sent : `/${sent}`;
}

/**
 * The path that a seller has written for what Express routes now. express-ws opens a WebSocket by itself, and then asks the
 * app for a path that no seller writes.
 */
function routedPath(request: Request, path: string): string {
  return "ws" in request ? path.replace(/\/\.websocket$/, "") || "/" : path;
}
