import { exactEip155 } from "./exact-eip155.js";
import { exactSolana } from "./exact-solana.js";
import type { Scheme } from "./scheme.js";

/** The schemes that need no registration. */
export const SCHEMES: readonly Scheme[] = [exactEip155, exactSolana];
