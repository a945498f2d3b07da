export { type DecodedHeader, decodeHeader, encodeHeader, HEADERS, MAX_HEADER_LENGTH } from "./lib/protocol/header.js";
export { canonicalJson, includesJson, sameJson } from "./lib/protocol/json.js";
export {
  type Parsed,
  parseFacilitatorRequest,
  parsePaymentPayload,
  parseSettlementResponse,
  parseSupportedResponse,
  parseVerifyResponse,
} from "./lib/protocol/schemas.js";
export type * from "./lib/protocol/types.js";
