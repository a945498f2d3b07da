import { absoluteUrl, NodeRequest } from "@turnpike/core/node";
import type { Request, RequestHandler } from "express";
import { patternAt } from "./pattern-at.js";

/** An Express request as the engine asks about it, by the app's own proxy rules. */
export class ExpressRequest extends NodeRequest<Request> {
  readonly #gate: RequestHandler | undefined;
  readonly #params: Record<string, string> | undefined;

  /**
   * @param params by the pattern of a table; otherwise those of the route
   * @param gate the middleware that prices it
   */
  constructor(request: Request, params?: Record<string, string>, gate?: RequestHandler) {
    super(request, request);
    this.#gate = gate;
    this.#params = params;
  }

  url(): string {
    return absoluteUrl(this.raw.protocol, hostOf(this.raw), this.raw.originalUrl);
  }

  /** Where routers split the path makes no difference: `/api` and what is left of it there, `/`, are `/api`. */
  routed(): string {
    const { baseUrl, url } = this.raw;
    const [, path = "", query = ""] = /^([^?]*)(.*)$/s.exec(url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "")) ?? [];
    const whole = `${baseUrl}${path}`.replace(/\/{2,}/g, "/").replace(/\/$/, "");
    return `${whole || "/"}${query}`;
  }

  params(): Record<string, string> {
    return this.#params ?? (this.raw.params as Record<string, string>);
  }

  pattern(own?: string): string | undefined {
    return this.#gate && patternAt(this.raw, this.#gate, own);
  }

  address(): string | undefined {
    return this.raw.ip;
  }

  protected override parsedBody(): unknown {
    // Where formidable leaves the fields of a form.
    const { body, fields } = this.raw as { body?: unknown; fields?: unknown };
    return fields === undefined ? body : { body, fields };
  }

  protected override uploads(): unknown {
    const { file, files } = this.raw as { file?: unknown; files?: unknown };
    return [file, files];
  }
}

/** The host with its port. Express 4 has it without the port only. */
function hostOf(request: Request): string | undefined {
  const trusts = request.app.get("trust proxy fn") as (address: string | undefined, hop: number) => boolean;
  const forwarded = request.get("X-Forwarded-Host");
  if (forwarded && trusts(request.socket.remoteAddress, 0)) return forwarded.split(",", 1)[0]?.trim();
  return request.get("Host");
}
