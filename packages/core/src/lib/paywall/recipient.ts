import type { SharedOptions } from "../config.js";
import { emptyHint, suggestion } from "../nearest.js";
import type { NetworkDefinition } from "../pricing/definitions.js";
import type { Scheme } from "../schemes/scheme.js";
import { looksSecret } from "../secrets.js";
import type { Engine } from "./engine.js";

/** Called with each problem: its code, its path in the options, and what is wrong. */
export type Report = (code: string, at: string, message: string) => void;

/** A recipient for what is no network is a slip: it may have been meant for another one. */
export function checkRecipients({ payTo }: SharedOptions<string>, { registry, schemes }: Engine, report: Report): void {
  if (typeof payTo !== "object" || payTo === null) return;
  const namespaces = schemes.map(({ namespace }) => namespace);
  for (const key of Object.keys(payTo)) {
    if (registry.network(key) || namespaces.includes(key) || /^[-a-z0-9]{3,8}:[-\w]{1,32}$/.test(key)) continue;
    const hint = suggestion(key, [...registry.names, ...namespaces]);
    report("unknown_network", ".payTo", `"${key}" is neither a network nor a namespace such as "eip155"${hint}`);
  }
}

/** The address to be paid at. It is empty if it has to be asked for, or is of no use, so that the rest is checked too. */
export function recipient(
  options: SharedOptions<string>,
  network: NetworkDefinition,
  { scheme, engine }: { readonly scheme: Scheme; readonly engine: Engine },
  report: Report,
): string {
  const { payTo } = options;
  if (typeof payTo === "function") return "";
  const address =
    typeof payTo === "string" ? payTo : (payTo?.[network.name] ?? payTo?.[network.id] ?? payTo?.[scheme.namespace]);
  if (!address) {
    const near = payTo && suggestion(network.name, Object.keys(payTo));
    const hint = near || ("payTo" in options && !payTo ? emptyHint(payTo) : "");
    report("missing_pay_to", ".payTo", `\`payTo\` is missing for ${network.name}${hint}`);
    return "";
  }
  if (looksSecret(address)) {
    report("invalid_pay_to", ".payTo", "it looks like a private key; `payTo` is the address that belongs to it");
    return "";
  }
  const token = engine.registry.token(network, address);
  const problem = token?.address
    ? `it is the contract of ${token.symbol}, and what is sent there is lost`
    : scheme.checkAddress(address);
  if (problem)
    report(
      "invalid_pay_to",
      ".payTo",
      `"${address}" cannot be paid on ${network.name}: ${problem}${emptyHint(address)}`,
    );
  return problem ? "" : scheme.spell(address);
}
