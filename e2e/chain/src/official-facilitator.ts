import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { x402Facilitator } from "@x402/core/facilitator";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import { ExactEvmScheme } from "@x402/evm/exact/facilitator";
import { ExactEvmSchemeV1 } from "@x402/evm/exact/v1/facilitator";
import type { Hex } from "viem";
import type { Chain } from "./index.js";
import { createOfficialSigner } from "./lib/official-signer.js";

/** The official facilitator, serving over HTTP. */
export interface OfficialFacilitator extends AsyncDisposable {
  /** Base URL: `/verify`, `/settle` and `/supported` hang below it. */
  readonly url: string;
  /** Stops serving at once, calls in flight included. May be called again. */
  close(): Promise<void>;
}

export interface OfficialFacilitatorOptions {
  /** Port on 127.0.0.1; 0 or nothing takes a free one. */
  port?: number;
  /** Key of the account that pays the gas; nobody else may send from it meanwhile. Default: `facilitator2`. */
  privateKey?: Hex;
}

/** Starts the facilitator of `@x402/core` with the `exact` scheme of `@x402/evm`, versions 2 and 1, over a chain. */
export async function startOfficialFacilitator(
  chain: Chain,
  options: OfficialFacilitatorOptions = {},
): Promise<OfficialFacilitator> {
  const signer = await createOfficialSigner(chain, options.privateKey ?? chain.accounts.facilitator2.privateKey);
  const facilitator = new x402Facilitator()
    .register(chain.network, new ExactEvmScheme(signer))
    .registerV1("base-sepolia" as never, new ExactEvmSchemeV1(signer));

  const answer = async (request: IncomingMessage): Promise<[number, unknown]> => {
    const call = `${request.method} ${request.url}`;
    if (call === "GET /supported") return [200, facilitator.getSupported()];
    if (call !== "POST /verify" && call !== "POST /settle") return [404, { error: "not found" }];
    const { paymentPayload, paymentRequirements } = await readCall(request);
    if (!paymentPayload || !paymentRequirements)
      return [400, { error: "paymentPayload or paymentRequirements missing" }];
    const act = call === "POST /verify" ? "verify" : "settle";
    return [200, await facilitator[act](paymentPayload, paymentRequirements)];
  };
  const server = createServer((request, response) => {
    answer(request)
      .catch((error: Error): [number, unknown] => [500, { error: error.message }])
      .then(([status, body]) => {
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const close = async () => {
    if (!server.listening) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  };
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close, [Symbol.asyncDispose]: close };
}

interface FacilitatorCall {
  paymentPayload?: PaymentPayload;
  paymentRequirements?: PaymentRequirements;
}

async function readCall(request: IncomingMessage): Promise<FacilitatorCall> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    text += chunk;
    if (text.length > 1 << 20) throw new Error("the call is too long");
  }
  return JSON.parse(text) as FacilitatorCall;
}
