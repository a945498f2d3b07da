/** SHA-256 of a payment's proof in hexadecimal: recognises a payment without keeping a signature that could be used. */
export async function proofDigest(proof: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(proof));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
