/** The nonce of the payment in a header; nothing if it has none. */
export function nonceOf(header: string | undefined): string {
  try {
    const { payload } = JSON.parse(Buffer.from(header ?? "", "base64").toString()) as {
      readonly payload: { readonly authorization: { readonly nonce: string } };
    };
    return payload.authorization.nonce;
  } catch {
    return "";
  }
}
