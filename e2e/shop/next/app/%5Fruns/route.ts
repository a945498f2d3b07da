import { memory } from "@turnpike/shop-shared/memory";

// A folder that begins with "_" is private to Next, hence the name of this one.
export const dynamic = "force-dynamic";

export const GET = () => Response.json(memory.runs());
