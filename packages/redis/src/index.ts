export type { IoredisClient, NodeRedisClient, RedisClient } from "./lib/client.js";
export type { RedisStoreOptions } from "./lib/options.js";
export { redisStore } from "./lib/redis-store.js";
