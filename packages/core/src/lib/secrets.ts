/** A private key of an EVM network or Solana, written out: 32 bytes in hexadecimal, 64 in base58 or as a list of numbers. */
const KEY =
  /(?<![\w-])(?:(?:0x)?[0-9a-fA-F]{64}|[1-9A-HJ-NP-Za-km-z]{86,90}|\[\s*\d{1,3}(?:\s*,\s*\d{1,3}){31,63}\s*\])(?![\w-])/g;
/** A wallet's recovery phrase: twelve words or more. */
const PHRASE = /^\s*[a-z]{3,8}(?:\s+[a-z]{3,8}){11,23}\s*$/;

const SHOWN = 6;

/** Whether a value looks like what only its owner may know. */
export function looksSecret(value: string): boolean {
  return PHRASE.test(value) || (value.trim() !== "" && value.trim().replace(KEY, "") === "");
}

/** A text that may quote a setting, with all but the beginning of each private key left out. */
export function withoutSecrets(text: string): string {
  return text.replace(KEY, (key) => `${key.slice(0, SHOWN)}…`);
}
