import { sell } from "../../shop";

export const GET = sell("/bound", () => Response.json({ bound: true }), "$0.01");
