import { Cluster, Redis } from "ioredis";
import { createCluster } from "redis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type RedisClient, redisStore } from "../src/index.js";
import { describeWith, missServer } from "./service.js";
import { freshPrefix } from "./support/clients.js";
import { eventually, HOUR, LEASE, nextRecord, sampleAnswer, sampleRecord } from "./support/samples.js";
import { findPort, type Server, startServer } from "./support/server.js";

describeWith(await missServer(), "a cluster of Redis", () => {
  const servers: Server[] = [];
  const admins: Redis[] = [];

  beforeAll(async () => {
    for (const slots of [
      ["0", "8191"],
      ["8192", "16383"],
    ] as const) {
      const bus = String(await findPort());
      const server = await startServer("--cluster-enabled", "yes", "--cluster-port", bus);
      servers.push(server);
      const admin = new Redis(server.url);
      admins.push(admin);
      await admin.call("CLUSTER", "ADDSLOTSRANGE", ...slots);
      const [first] = servers;
      if (first && first !== server) await admins[0]?.call("CLUSTER", "MEET", "127.0.0.1", String(server.port), bus);
    }
    for (const admin of admins) {
      await eventually("the cluster was one", async () => {
        const told = await admin.cluster("INFO");
        return told.includes("cluster_state:ok") && told.includes("cluster_known_nodes:2");
      });
    }
  });
  afterAll(async () => {
    for (const admin of admins) admin.disconnect();
    for (const server of servers) await server.close();
  });

  /** Keys of a store, by node. */
  const spread = async (prefix: string) =>
    Promise.all(admins.map(async (admin) => (await admin.keys(`{${prefix}}:*`)).length));

  const serve = async (client: RedisClient) => {
    const used = new Set<number>();
    // With this many prefixes each node has some.
    for (let i = 0; i < 20; i++) {
      const prefix = freshPrefix();
      const store = redisStore(client, { prefix, timeout: 20_000 });
      const record = sampleRecord();
      expect(await store.insert(record, LEASE)).toBe(true);
      const next = nextRecord(record, { state: "delivered", expiresAt: Date.now() + HOUR });
      const answer = sampleAnswer();
      expect(await store.replace(next, 1, 0, answer)).toBe(true);
      expect(await store.read(record.id)).toStrictEqual({ record: next, leased: false });
      expect(await store.answer(record.id)).toStrictEqual(answer);
      expect(await store.renew(record.id, record.holder, LEASE)).toBe(true);
      expect(await store.link("key", record.id, Date.now() + HOUR)).toBe(record.id);
      expect(await store.linked("key")).toBe(record.id);
      expect(await store.list({ order: "newest", limit: 5 })).toEqual([{ record: next, leased: true }]);
      const counts = await spread(prefix);
      expect(counts.filter(Boolean)).toHaveLength(1);
      used.add(counts.findIndex(Boolean));
    }
    expect(used.size).toBe(2);
  };

  it("keeps the records of a store on one node (redis)", async () => {
    const cluster = createCluster({ rootNodes: servers.map(({ url }) => ({ url })) });
    await cluster.connect();
    try {
      await serve(cluster);
    } finally {
      cluster.destroy();
    }
  });

  it("keeps the records of a store on one node (ioredis)", async () => {
    const cluster = new Cluster(
      servers.map(({ port }) => ({ host: "127.0.0.1", port })),
      { scaleReads: "all", enableAutoPipelining: true },
    );
    try {
      await serve(cluster);
    } finally {
      cluster.disconnect();
    }
  });
});
