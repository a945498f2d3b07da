import { queryOf, sell } from "../../shop";

export const GET = sell("/dynamic", (request) => Response.json({ size: Number(queryOf(request).get("size")) }));
