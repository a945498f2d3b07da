/**
 * The header that carries a settlement's token (`CallOptions.token`). Facilitators that do not know it ignore it; those
 * of `@turnpike/evm` repeat a success only to a caller that sends the same token.
 */
export const SETTLE_TOKEN = "turnpike-settle-token";

/**
 * Id of the extension with which such a facilitator adds to "already used" that it settled the payment itself, for a
 * caller with another token. The transfer on the chain then belongs to another purchase.
 */
export const SETTLED_ELSEWHERE = "turnpike-settled-elsewhere";
