import { sell } from "../../../shop";

export const GET = sell("/mount/inner", () => Response.json({ inner: true }), "$0.01");
