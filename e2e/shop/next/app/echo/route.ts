import { sell } from "../../shop";

export const POST = sell("/echo", async (request) => Response.json(await request.json()));
