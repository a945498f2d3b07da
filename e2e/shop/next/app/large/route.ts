import { readCount } from "@turnpike/shop-shared/answers";
import { streamOf, zeros } from "@turnpike/shop-shared/streams";
import { queryOf, sell } from "../../shop";

export const GET = sell("/large", (request) => {
  const headers = { "content-type": "application/octet-stream" };
  return new Response(streamOf(zeros(readCount(queryOf(request), "mb", 1))), { headers });
});
