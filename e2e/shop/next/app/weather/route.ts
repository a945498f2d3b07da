import { sell } from "../../shop";

export const GET = sell("/weather", () => Response.json({ weather: "sunny" }));
