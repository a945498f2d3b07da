/**
 * The header by which a settlement's token travels (`CallOptions.token`). Facilitators that do not know it ignore it;
 * those of `@turnpike/evm` tell a success again only to who sends the same.
 */
export const SETTLE_TOKEN = "turnpike-settle-token";

/**
 * Id of the extension by which such a facilitator adds to "already used" that it has settled the payment itself, for a caller
 * with another token. Then the chain shows a transfer that has bought somewhere else.
 */
export const SETTLED_ELSEWHERE = "turnpike-settled-elsewhere";
