import { memory } from "@turnpike/shop-shared/memory";
import { sell } from "../../shop";

export const GET = sell("/fail-first", (_request, { payment }) => {
  memory.failFirst(payment);
  return Response.json({ ok: true });
});
