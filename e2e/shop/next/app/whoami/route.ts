import { describePayment } from "@turnpike/shop-shared/answers";
import { sell } from "../../shop";

export const GET = sell("/whoami", (_request, { payment }) => Response.json(describePayment(payment)));
