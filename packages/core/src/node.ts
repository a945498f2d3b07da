/// <reference types="node" preserve="true" />

/** What adapters of frameworks on `node:http` share. */
export { isHttp1, listHeaders } from "./lib/node/head.js";
export { writeReply } from "./lib/node/reply.js";
export { absoluteUrl, NodeRequest, verbOf } from "./lib/node/request.js";
export { type Exchange, serve } from "./lib/node/serve.js";
