import { readCode, withoutBody } from "@turnpike/shop-shared/answers";
import { sell } from "../../../shop";

export const GET = sell<{ code: string }>("/raw/:code", async (_request, { params }) => {
  const status = readCode((await params).code);
  const headers = { "content-type": "application/json" };
  return new Response(withoutBody(status) ? null : JSON.stringify({ status }), { status, headers });
});
