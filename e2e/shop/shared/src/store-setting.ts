/** What `STORE` names. */
export type StoreSetting =
  | { readonly kind: "memory" }
  | { readonly kind: "file"; readonly path: string }
  /** @property prefix tells its keys apart; the library's own if none is given */
  | { readonly kind: "redis"; readonly url: string; readonly prefix: string | undefined }
  /** @property schema holds its tables; the library's own if none is given */
  | { readonly kind: "postgres"; readonly url: string; readonly schema: string | undefined };

/** `undefined` if it names no store. What the shop reads from an address, its driver never sees. */
export function readStore(text: string): StoreSetting | undefined {
  if (text === "memory") return { kind: "memory" };
  const [, scheme, rest] = /^([a-z]+):(.+)$/s.exec(text) ?? [];
  if (rest === undefined) return undefined;
  if (scheme === "file") return { kind: "file", path: rest };
  if (!URL.canParse(text)) return undefined;
  if (scheme === "redis" || scheme === "rediss") {
    const [url, prefix] = take(text, "prefix");
    return { kind: "redis", url, prefix };
  }
  if (scheme === "postgres" || scheme === "postgresql") {
    const [url, schema] = take(text, "schema");
    return { kind: "postgres", url, schema };
  }
  return undefined;
}

/** The address without one parameter of its query, and that. */
function take(address: string, parameter: string): [url: string, value: string | undefined] {
  const url = new URL(address);
  const value = url.searchParams.get(parameter) ?? undefined;
  url.searchParams.delete(parameter);
  return [url.href, value];
}
