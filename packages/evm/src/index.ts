export { eip3009Signatures, type SignatureOptions } from "./lib/eip3009-signatures.js";
export { localFacilitator } from "./lib/local-facilitator.js";
export type { LocalFacilitatorOptions } from "./lib/options.js";
export { serveFacilitator } from "./lib/serve-facilitator.js";
