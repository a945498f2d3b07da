import { payer, readChallenge } from "@turnpike/testing";
import { expect } from "vitest";

const origin = "https://shop.example";

/** Buys as a page of another origin does, and may read no more than a browser lets it. */
export async function buyAcross(url: string): Promise<void> {
  const preflight = await fetch(url, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "GET",
      "access-control-request-headers": "payment-signature",
    },
  });
  expect(preflight.ok).toBe(true);
  expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
  expect(listOf(preflight, "access-control-allow-headers")).toContain("payment-signature");

  const unpaid = await fetch(url, { headers: { origin } });
  expect(unpaid.status).toBe(402);
  const challenge = readChallenge(readable(unpaid));
  if (!challenge) throw new Error("A browser would not show PAYMENT-REQUIRED to the page");

  const header = await payer().header(challenge);
  const paid = await fetch(url, { headers: { origin, "payment-signature": header } });
  expect(paid.status).toBe(200);
  expect(readable(paid).headers.get("payment-response")).toBeTruthy();
}

/** What a page sees of a response from another origin. */
function readable(response: Response): Response {
  expect(response.headers.get("access-control-allow-origin")).toBe(origin);
  const exposed = listOf(response, "access-control-expose-headers");
  const headers = [...response.headers].filter(([name]) => exposed.includes(name));
  return new Response(null, { status: response.status, headers });
}

const listOf = (response: Response, name: string): string[] =>
  (response.headers.get(name) ?? "").split(",").map((entry) => entry.trim().toLowerCase());
