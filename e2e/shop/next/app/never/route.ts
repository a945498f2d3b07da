import { untilAborted } from "@turnpike/shop-shared/streams";
import { sell } from "../../shop";

export const GET = sell("/never", async (request) => {
  await untilAborted(request.signal);
  return new Response(null, { status: 204 });
});
