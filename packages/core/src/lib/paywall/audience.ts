import type { StoredPayment } from "../ledger/record.js";
import { within } from "../within.js";
import type { Engine, RouteTerms } from "./engine.js";
import type { KnownRequest, PaidRequest } from "./paid-request.js";
import { digest } from "./proof.js";

/** Request fields by which apps know a user, whatever a route adds to them. */
const CREDENTIALS = ["authorization", "cookie"];

/**
 * Whether a request that shows a payment comes from its buyer. A payment is public once it has settled, signature included,
 * so it is not enough: the client's name for the purchase is asked for if there is one, and the credentials that the
 * purchase carried.
 */
export function isBuyer<Raw>(paid: KnownRequest<Raw>, { identifier, audience }: StoredPayment): boolean {
  if (identifier !== undefined && identifier !== paid.name) return false;
  if (audience === undefined || !comparesCredentials(paid)) return true;
  const [salt = ""] = audience.split(".", 1);
  return readAudience(paid, salt) === audience;
}

/** Whether a request that is its buyer's (`isBuyer`) has shown more than the public chain does. */
export function isProven<Raw>(paid: KnownRequest<Raw>, { identifier, audience }: StoredPayment): boolean {
  return identifier !== undefined || (audience !== undefined && comparesCredentials(paid));
}

function comparesCredentials<Raw>({ route }: KnownRequest<Raw>): boolean {
  return route.keep !== "public";
}

/**
 * A keyed digest of the buyer that the seller names, or else of the credentials that the request carries: `salt.digest`; nothing
 * if there are none.
 * @param salt its record's own, so that two records tell nothing about each other
 */
export function readAudience<Raw>(
  { engine, route, request, buyer }: Pick<KnownRequest<Raw>, "engine" | "route" | "request" | "buyer">,
  salt: string = crypto.randomUUID(),
): string | undefined {
  // No field's name begins like this.
  if (buyer !== undefined) return `${salt}.${keyed(engine, [salt, `:${buyer}`])}`;
  const carried = fieldsOf(route).flatMap((name) => {
    const value = request.header(name);
    return value === undefined ? [] : [`${name}:${value}`];
  });
  return carried.length === 0 ? undefined : `${salt}.${keyed(engine, [salt, ...carried])}`;
}

/** Milliseconds that the seller's function may take. */
const TIME_LIMIT = 5_000;

/** The user that the seller names for a request. Rejects if the seller's function fails, or names nothing sensible. */
export async function readBuyer<Raw>({ route, request }: PaidRequest<Raw>): Promise<string | undefined> {
  if (!route.buyer) return undefined;
  const late = () => Promise.reject(new Error("`buyer` took too long"));
  const named: unknown = await within(Promise.resolve(route.buyer(request.raw)), TIME_LIMIT, late);
  if (named === undefined || (typeof named === "string" && named !== "")) return named;
  throw new TypeError("`buyer` must return non-empty text or `undefined`");
}

function fieldsOf<Raw>({ credentials }: Pick<RouteTerms<Raw>, "credentials">): readonly string[] {
  return credentials.length === 0 ? CREDENTIALS : [...new Set([...CREDENTIALS, ...credentials])].sort();
}

/** No sponge construction can be extended, so a key ahead of the text keys the digest. */
function keyed({ secret }: Engine, parts: readonly string[]): string {
  return digest(JSON.stringify([secret ?? "", ...parts]));
}
