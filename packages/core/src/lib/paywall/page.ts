import type { HeaderList, Reply } from "../seam.js";
import { OWN_HEADERS } from "./problem.js";

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** No script, nothing from elsewhere, no frame around it. */
const HEADERS: HeaderList = [
  ["Content-Type", "text/html; charset=utf-8"],
  [
    "Content-Security-Policy",
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ],
  ["X-Content-Type-Options", "nosniff"],
  ["Referrer-Policy", "no-referrer"],
];

/** What a browser shows of an unpaid route: what is asked, and how to pay. */
export function pageReply(title: string, prices: readonly string[], headers: HeaderList): Reply {
  const items = prices.map((price) => `<li>${escapeHtml(price)}</li>`).join("");
  const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Payment required</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1rem}li{font-weight:600}</style>
<h1>Payment required</h1>
<p>${escapeHtml(title)}</p>
<p>Price of one request, any of:</p>
<ul>${items}</ul>
<p>This page requires payment (x402). An x402 client, such as an agent with a wallet, reads the
<code>PAYMENT-REQUIRED</code> header of this response, signs a payment and sends the request again.</p>
</html>
`;
  return { status: 402, headers: [...HEADERS, ...OWN_HEADERS, ...headers], body };
}

/** Whether a client would rather have a page than JSON: HTML is named, and nothing that JSON fits is ranked as high. */
export function prefersHtml(accept: string | undefined): boolean {
  if (!accept?.includes("text/html")) return false;
  const ranks = new Map<string, number>();
  for (const part of accept.split(",")) {
    const [type = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    const q = parameters.find((parameter) => parameter.startsWith("q="));
    const rank = q === undefined ? 1 : Number(q.slice(2));
    ranks.set(type, Number.isNaN(rank) ? 0 : rank);
  }
  const html = ranks.get("text/html") ?? 0;
  const json = Math.max(
    ranks.get("application/problem+json") ?? 0,
    ranks.get("application/json") ?? 0,
    ranks.get("*/*") ?? 0,
  );
  return html > 0 && html > json;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] as string);
}
