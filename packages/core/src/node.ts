/// <reference types="node" preserve="true" />

/** What adapters of frameworks on `node:http` share. */
export { keepBack } from "./lib/node/outpost.js";
export { writeReply } from "./lib/node/reply.js";
export { absoluteUrl, NodeRequest, verbOf } from "./lib/node/request.js";
export { type Exchange, serve } from "./lib/node/serve.js";
export { type PaidUpgradeListener, paidUpgrade } from "./lib/node/upgrade.js";
export { watchRequests, watchUpgrades } from "./lib/node/upgrades.js";
