import type { ServerResponse } from "node:http";
import type { Reply } from "../seam.js";
import { Overrides } from "./overrides.js";
import { writeReply } from "./reply.js";

/** What of a response sends its head or its body. */
const sending = ["writeHead", "write", "end", "flushHeaders"];

/** Fields of the app's that a refusal keeps: a page of another origin must be able to read it. */
const kept = /^(?:access-control-.*|vary)$/;

/**
 * Watches a response until its request reaches the gate. Middleware ahead of the gate may refuse and redirect; a
 * successful response from it is checked, since it may be priced content.
 * @param refusal called once, when such a response begins: what to send instead, if anything
 * @returns ends the watch: the request has reached the gate
 */
export function keepBack(
  response: ServerResponse,
  method: string | undefined,
  refusal: () => Reply | undefined,
): () => void {
  const laid = new Overrides(response);
  let state: "open" | "left" | "refusing" | "refused" = "open";
  const lift = () => {
    if (state !== "open") return;
    state = "left";
    laid.lift();
  };
  const refuse = (reply: Reply) => {
    // What is covered may lead from one of these methods to another: in HTTP/2, from `end` to `write`.
    state = "refusing";
    for (const name of response.getHeaderNames()) if (!kept.test(name)) response.removeHeader(name);
    // Past whatever has wrapped the response since, compression for example.
    const end = (body?: string | Uint8Array) => {
      laid.call("writeHead", [reply.status]);
      return laid.call("end", body === undefined ? [] : [body]);
    };
    const target = {
      statusCode: reply.status,
      getHeader: (name: string) => response.getHeader(name),
      setHeader: (name: string, value: string | string[]) => response.setHeader(name, value),
      end,
    };
    writeReply(target, reply, method);
    state = "refused";
  };
  for (const name of sending) {
    laid.method(name, (...args: readonly unknown[]) => {
      const status = name === "writeHead" ? Number(args[0]) : response.statusCode;
      if (state === "open" && status >= 200) {
        const reply = status < 300 ? refusal() : undefined;
        if (reply) refuse(reply);
        else lift();
      }
      return state === "refused" ? drop(name, args, response) : laid.call(name, args);
    });
  }
  return lift;
}

/** What was to be sent is dropped, and its sender sees a closed connection. */
function drop(name: string, args: readonly unknown[], response: ServerResponse): unknown {
  const callback = args.find((arg) => typeof arg === "function") as (() => void) | undefined;
  if (callback) queueMicrotask(callback);
  if (name === "flushHeaders") return undefined;
  return name === "write" ? true : response;
}
