import type { Context } from "hono";

interface Bindings {
  /** Node. */
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: unknown } };
  /** Bun. */
  readonly requestIP?: (request: Request) => { readonly address?: unknown } | null;
  /** Deno. */
  readonly remoteAddr?: { readonly hostname?: unknown };
  /** AWS Lambda behind a gateway of AWS. */
  readonly requestContext?: {
    readonly identity?: { readonly sourceIp?: unknown };
    readonly http?: { readonly sourceIp?: unknown };
  };
  /** Netlify. */
  readonly context?: { readonly ip?: unknown };
}

interface Runtime {
  readonly navigator?: { readonly userAgent?: string };
  readonly process?: { readonly env?: Record<string, string | undefined> };
}

/** The client's address as the runtime tells it; nothing where only the client could. */
export function addressOf(c: Context): string | undefined {
  const env = (c.env ?? {}) as { readonly server?: unknown };
  return (
    [env.server, env].map((bindings) => addressIn(bindings, c)).find((found) => found !== undefined) ?? platform(c)
  );
}

function addressIn(bindings: unknown, c: Context): string | undefined {
  if (typeof bindings !== "object" || bindings === null) return undefined;
  const { incoming, remoteAddr, requestContext, context } = bindings as Bindings;
  const found = [
    incoming?.socket?.remoteAddress,
    remoteAddr?.hostname,
    requestContext?.identity?.sourceIp,
    requestContext?.http?.sourceIp,
    context?.ip,
  ].find((address) => typeof address === "string" && address !== "");
  if (found !== undefined) return found as string;
  const { requestIP } = bindings as Bindings;
  const asked = typeof requestIP === "function" ? requestIP.call(bindings, c.req.raw)?.address : undefined;
  return typeof asked === "string" ? asked : undefined;
}

/** Platforms that write a header themselves, whatever the client has sent in it. */
function platform(c: Context): string | undefined {
  const { navigator, process } = globalThis as Runtime;
  if (navigator?.userAgent === "Cloudflare-Workers") return c.req.header("cf-connecting-ip");
  if (process?.env?.VERCEL) return c.req.header("x-vercel-forwarded-for")?.split(",", 1)[0]?.trim();
  return undefined;
}
