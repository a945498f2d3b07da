import type { NextRequest } from "next/server.js";

/** Platforms, by what they set in the environment, and the field in which each writes the client's address over any other. */
const PLATFORMS = [
  ["VERCEL", "x-vercel-forwarded-for"],
  ["NETLIFY", "x-nf-client-connection-ip"],
] as const;

/**
 * The client's address where the platform is known to write it, whatever the client sends. Nowhere else: on a server of
 * one's own every such field may come from the client.
 */
export function platformAddress({ headers }: NextRequest): string | undefined {
  const [, field] = PLATFORMS.find(([name]) => environment()?.[name]) ?? [];
  return (field && headers.get(field)?.split(",", 1)[0]?.trim()) || undefined;
}

/** Not there on every edge runtime. */
function environment(): Record<string, string | undefined> | undefined {
  return typeof process === "undefined" ? undefined : process.env;
}
