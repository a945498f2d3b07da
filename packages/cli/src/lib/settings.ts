import { networkNamed } from "@turnpike/core/chain";
import { CommandError } from "./errors.js";
import type { Io } from "./io.js";

/** Options of every command, as they were written. */
export interface GivenOptions {
  readonly store?: string;
  readonly prefix?: string;
  readonly schema?: string;
  readonly json?: boolean;
  readonly facilitator?: readonly string[];
  readonly rpc?: readonly string[];
}

/** Where the records are. */
export interface StoreSettings {
  readonly url: string;
  /** Redis: the key prefix. */
  readonly prefix: string | undefined;
  /** PostgreSQL: the schema of the tables. */
  readonly schema: string | undefined;
}

/** The node of one chain. */
export interface RpcSettings {
  /** CAIP-2 id. */
  readonly network: string;
  readonly rpcUrl: string;
}

const NETWORK = /^[a-z0-9-]{3,8}:[A-Za-z0-9_-]{1,32}$/;

export function readStore({ store, prefix, schema }: GivenOptions, { env }: Io): StoreSettings {
  const url = store ?? read(env, "TURNPIKE_STORE", "STORE");
  if (url === undefined) {
    throw new CommandError(
      "missing_store",
      "Set the store: --store redis://…, postgres://… or file:<path>, or TURNPIKE_STORE",
    );
  }
  return { url, prefix: prefix ?? read(env, "TURNPIKE_PREFIX"), schema: schema ?? read(env, "TURNPIKE_SCHEMA") };
}

/** One form of output at a time. */
export function checkForm({ json }: GivenOptions, csv: boolean | undefined): void {
  if (json && csv) throw new CommandError("invalid_arguments", "Use either --json or --csv");
}

/** Base URLs of facilitators in order of preference; none if none is named. */
export function readFacilitators({ facilitator }: GivenOptions, { env }: Io): readonly string[] {
  return facilitator ?? split(read(env, "FACILITATOR_URL"));
}

export function readRpcs({ rpc }: GivenOptions, { env }: Io): readonly RpcSettings[] {
  if (rpc) return rpc.map(readRpc);
  const rpcUrl = read(env, "EVM_RPC_URL");
  if (rpcUrl === undefined) return [];
  const network = read(env, "NETWORK");
  const id = networkNamed(network ?? "");
  if (NETWORK.test(id)) return [{ network: id, rpcUrl }];
  throw new CommandError("invalid_arguments", "EVM_RPC_URL needs a network in NETWORK, such as base or eip155:8453");
}

function readRpc(text: string): RpcSettings {
  const [name = "", ...rest] = text.split("=");
  const network = networkNamed(name);
  const rpcUrl = rest.join("=");
  if (NETWORK.test(network) && rpcUrl !== "") return { network, rpcUrl };
  throw new CommandError(
    "invalid_arguments",
    "--rpc must be a network and the URL of its node, such as base=https://… or eip155:8453=https://…",
  );
}

function split(text: string | undefined): readonly string[] {
  return (text ?? "").split(",").flatMap((part) => part.trim() || []);
}

/** The first of these variables that is set; an empty one is not. */
function read(env: Io["env"], ...names: readonly string[]): string | undefined {
  return names.map((name) => env[name]?.trim()).find((value) => value);
}
