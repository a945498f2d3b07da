export { type Authorization, readAuthorization } from "./lib/chain/authorization.js";
export { asChainError, ChainError, type ChainErrorCode } from "./lib/chain/chain-error.js";
export { chainIdOf } from "./lib/chain/chain-id.js";
export {
  type Block,
  findBlock,
  isAuthorizationUsed,
  movedMoney,
  type Receipt,
  readBlock,
  readChainId,
  readReceipt,
  unlessReverted,
  view,
} from "./lib/chain/node.js";
export { isNodeUrl } from "./lib/chain/node-url.js";
export { createReader, type ReaderOptions } from "./lib/chain/reader.js";
export { createRpc, type Rpc } from "./lib/chain/rpc.js";
export { RpcFailure, RpcRefusal } from "./lib/chain/rpc-errors.js";
export { showsCharge } from "./lib/chain/shown-charge.js";
export { isAddress, isWord, lower } from "./lib/chain/words.js";
export { type KnownToken, knownToken } from "./lib/pricing/known.js";
export { formatAmount } from "./lib/pricing/money.js";
export { networkNamed } from "./lib/pricing/networks.js";
