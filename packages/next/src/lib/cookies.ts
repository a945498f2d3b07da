import type { HeaderList } from "@turnpike/core/adapter";
import { cookies } from "next/headers.js";
import { NextResponse } from "next/server.js";

/** Where Next keeps the cookies that a handler has set by `cookies()`; it adds them to whatever the handler returns. */
const MUTATED = Symbol.for("next.mutated.cookies");

type Cookie = Exclude<Parameters<NextResponse["cookies"]["set"]>[0], string>;
type Jar = { readonly [MUTATED]?: unknown };

/** Outside Next, in a seller's unit test for example, there is none. */
async function openJar(): Promise<Jar | undefined> {
  try {
    return (await cookies()) as Jar;
  } catch {
    return undefined;
  }
}

/** Drops the cookies of a handler whose response is not sent. They may be what was for sale. */
export async function dropCookies(): Promise<void> {
  const set = (await openJar())?.[MUTATED];
  if (Array.isArray(set)) set.length = 0;
}

/** The fields of a response with the cookies that Next will add to it, as Next adds them; nothing if they are not known. */
export async function withCookies(headers: Headers): Promise<HeaderList | undefined> {
  const jar = await openJar();
  const set = jar ? jar[MUTATED] : [];
  if (!Array.isArray(set)) return undefined;
  if (set.length === 0) return [...headers];
  const { cookies, headers: fields } = new NextResponse(null, { headers });
  const own = cookies.getAll();
  for (const cookie of [...(set as Cookie[]), ...own]) cookies.set(cookie);
  return [...fields].filter(([name]) => name !== "x-middleware-set-cookie");
}
