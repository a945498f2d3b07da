import { sell } from "../../shop";
import { stream } from "../../stream";

export const GET = sell("/stream", stream);
