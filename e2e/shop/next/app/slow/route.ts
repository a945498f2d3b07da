import { readCount } from "@turnpike/shop-shared/answers";
import { wait } from "@turnpike/shop-shared/streams";
import { queryOf, sell } from "../../shop";

export const GET = sell("/slow", async (request) => {
  const ms = readCount(queryOf(request), "ms", 0);
  await wait(ms);
  return Response.json({ slow: ms });
});
