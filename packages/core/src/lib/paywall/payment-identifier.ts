import type { Extension } from "./extension.js";

export interface PaymentIdentifierOptions {
  /** Refuse payments without an identifier. @default false */
  readonly required?: boolean;
}

/** What an identifier is made of (extensions/payment_identifier.md). */
const PATTERN = "^[A-Za-z0-9_-]{16,128}$";
const IDENTIFIER = new RegExp(PATTERN);

/**
 * The extension `payment-identifier`: a client gives its purchase an identifier, and the same identifier with the same
 * payment gets the same response again, even after the payment is public on its chain. The identifier with another
 * payment or another request is a conflict (409).
 */
export function paymentIdentifier({ required = false }: PaymentIdentifierOptions = {}): Extension {
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: {
      required: { type: "boolean" },
      id: { type: "string", minLength: 16, maxLength: 128, pattern: PATTERN },
    },
    required: ["required"],
  };
  return {
    id: "payment-identifier",
    declare: () => ({ info: { required }, schema }),
    readName: (info) => {
      const id = info?.id;
      if (id === undefined && !required) return undefined;
      if (id === undefined) {
        return {
          code: "payment_identifier_required",
          detail: "The payment needs an identifier: `extensions.payment-identifier.info.id`.",
        };
      }
      if (typeof id === "string" && IDENTIFIER.test(id)) return id;
      return {
        code: "payment_identifier_invalid",
        detail: "The payment's identifier is not 16 to 128 letters, digits, `_` or `-`.",
      };
    },
  };
}
