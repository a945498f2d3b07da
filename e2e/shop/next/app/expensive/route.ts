import { sell } from "../../shop";

export const GET = sell("/expensive", () => Response.json({ expensive: true }));
