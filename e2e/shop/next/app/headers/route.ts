import { marked } from "@turnpike/shop-shared/answers";
import { sell } from "../../shop";

export const GET = sell("/headers", () =>
  Response.json({ headers: true }, { headers: marked.map(([...field]) => field) }),
);
