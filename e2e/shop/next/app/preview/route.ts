import { sell } from "../../shop";

export const GET = sell("/preview", () => Response.json({ full: true }));
