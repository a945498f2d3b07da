import type { Store } from "@turnpike/core";
import { Client, Pool } from "pg";
import postgres from "postgres";
import { afterEach, beforeEach, expect, it } from "vitest";
import { HOUR, LONG, nextRecord, sampleAnswer, sampleRecord } from "./samples.js";
import { address, describeWithPostgres } from "./service.js";
import { openStage, type Stage } from "./stage.js";

describeWithPostgres("who shares the tables", () => {
  let stage: Stage;
  beforeEach(() => {
    stage = openStage();
  });
  afterEach(() => stage.close());

  const awkward = "Zürich 東京 🌍 \u0000 \ud83d \\ \" '";

  /** Everything that one store writes, the other reads. */
  const expectAgreement = async (writer: Store, reader: Store) => {
    const first = sampleRecord({ holder: awkward, offer: { ...sampleRecord().offer, extra: { awkward } } });
    expect(await writer.insert(first, LONG)).toBe(true);
    expect(await reader.read(first.id)).toEqual({ record: first, leased: true });
    const second = nextRecord(first, { state: "owed" });
    const answer = sampleAnswer({ headers: [["x-odd", awkward]], body: Uint8Array.from({ length: 256 }, (_, i) => i) });
    expect(await writer.replace(second, 1, 0, answer)).toBe(true);
    expect(await reader.replace(second, 1, 0)).toBe(false);
    expect(await reader.read(first.id)).toEqual({ record: second, leased: false });
    const { body, ...head } = (await reader.answer(first.id)) ?? { body: new Uint8Array() };
    expect({ ...head, body: [...body] }).toEqual({ ...answer, body: [...answer.body] });
    expect(await reader.renew(first.id, awkward, LONG)).toBe(true);
    expect(await writer.list({ states: ["owed"], order: "oldest", limit: 10 })).toContainEqual({
      record: second,
      leased: true,
    });
    const key = `${awkward} of ${first.id}`;
    expect(await writer.link(key, first.id, Date.now() + HOUR)).toBe(first.id);
    expect(await reader.linked(key)).toBe(first.id);
    expect(await reader.link(key, awkward, Date.now() + HOUR, first.id)).toBe(awkward);
    expect(await writer.linked(key)).toBe(awkward);
  };

  it("has both drivers agree", async () => {
    const [pg, postgresJs] = [stage.store("pg"), stage.store("postgres")];
    await expectAgreement(pg, postgresJs);
    await expectAgreement(postgresJs, pg);
  });

  it("has those that prepare and those that do not agree", async () => {
    const [prepared, plain] = [stage.store("pg"), stage.store("postgres", { prepare: false })];
    await expectAgreement(prepared, plain);
    await expectAgreement(plain, prepared);
  });

  it("lets one of both drivers win a claim, in every kind of isolation", async () => {
    const levels = ["read committed", "repeatable read", "serializable"];
    const stores = levels.flatMap((level) => {
      // A space in what `pg` hands the server as options would end it.
      const settings = { default_transaction_isolation: level };
      const escaped = { default_transaction_isolation: level.replace(" ", "\\ ") };
      return [stage.store("pg", {}, { settings: escaped }), stage.store("postgres", {}, { settings })];
    });
    for (let round = 0; round < 5; round++) {
      const { id } = sampleRecord();
      const claims = await Promise.all(
        [...stores, ...stores, ...stores].map((store) => store.insert(sampleRecord({ id }), LONG)),
      );
      expect(claims.filter(Boolean)).toHaveLength(1);
      const { record } = (await stores[0]?.read(id)) ?? {};
      if (!record) throw new Error("The claim left no record.");
      const changes = await Promise.all(
        [...stores, ...stores].map((store, i) =>
          store.replace(nextRecord(record, { reason: `change ${i}` }), 1, LONG, sampleAnswer({ status: 200 + i })),
        ),
      );
      expect(changes.filter(Boolean)).toHaveLength(1);
      const winner = changes.indexOf(true);
      expect((await stores[0]?.read(id))?.record.reason).toBe(`change ${winner}`);
      expect((await stores[0]?.answer(id))?.status).toBe(200 + winner);
      const links = await Promise.all(stores.map((store, i) => store.link(`key ${round}`, `${i}`, Date.now() + HOUR)));
      expect(new Set(links).size).toBe(1);
    }
  });

  it("is not led astray by the app's own ideas of types and names", async () => {
    const odd = () => "odd";
    const pool = new Pool({ ...address, types: { getTypeParser: () => odd } });
    const sql = postgres({
      ...address,
      types: {
        bigint: postgres.BigInt,
        text: { to: 17, from: [25, 20, 23], serialize: undefined as never, parse: odd },
        boolean: { to: 16, from: [16], serialize: odd, parse: odd },
        json: { to: 114, from: [114], serialize: odd, parse: odd },
      },
      transform: { column: postgres.toPascal, value: odd, undefined: null },
    });
    try {
      await expectAgreement(stage.over(sql), stage.store("pg"));
      await expectAgreement(stage.store("pg"), stage.over(sql));
      await expectAgreement(stage.over(pool), stage.over(sql));
      await expectAgreement(stage.over(sql), stage.over(pool));
    } finally {
      await Promise.all([pool.end(), sql.end()]);
    }
  });

  it("keeps every character in a database of another encoding", async () => {
    const database = `${stage.schema}_latin1`;
    await stage.admin.query(
      `CREATE DATABASE ${database} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
    );
    const pool = new Pool({ ...address, database });
    const sql = postgres({ ...address, database });
    try {
      await expectAgreement(stage.over(pool), stage.over(sql));
      await expectAgreement(stage.over(sql), stage.over(pool));
    } finally {
      await Promise.all([pool.end(), sql.end()]);
      await stage.admin.query(`DROP DATABASE ${database} WITH (FORCE)`);
    }
  });

  it("serves over a client alone, one statement after the other", async () => {
    const client = new Client({ ...address });
    await client.connect();
    const warnings: string[] = [];
    const warned = ({ message }: Error) => warnings.push(message);
    process.on("warning", warned);
    try {
      const store = stage.over(client);
      const records = Array.from({ length: 30 }, () => sampleRecord());
      expect(await Promise.all(records.map((record) => store.insert(record, LONG)))).toEqual(records.map(() => true));
      await expectAgreement(store, stage.store("postgres"));
      // Warnings come a moment later.
      await new Promise((resolve) => setImmediate(resolve));
      expect(warnings).toEqual([]);
    } finally {
      process.off("warning", warned);
      await client.end();
    }
  });
});
