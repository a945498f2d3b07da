import { readLedger } from "@turnpike/shop-shared/ledger";
import { openEngine } from "../../engine";

export const dynamic = "force-dynamic";

export const GET = async () => Response.json(await readLedger(openEngine()));
