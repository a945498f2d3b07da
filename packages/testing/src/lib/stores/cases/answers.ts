import { expect } from "vitest";
import type { StoreBook } from "../casebook.js";
import { eventually, expectAnswer, expectRecord } from "../expectations.js";
import { HOUR, LONG, nextRecord, sampleAnswer, sampleBytes, sampleRecord } from "../samples.js";

/** Answers are written with a record's change, and come back byte for byte. */
export function testAnswers({ check }: StoreBook): void {
  check("keeps an answer with the change that it came with", async ({ store }) => {
    const record = sampleRecord();
    const answer = sampleAnswer();
    await store.insert(record, LONG);
    expect(await store.answer(record.id)).toBeUndefined();
    await store.replace(nextRecord(record, { kept: true }), 1, LONG, answer);
    await expectAnswer(store, record.id, answer);
    await expectAnswer(store, record.id, answer);
  });

  check("keeps no answer of a change that failed", async ({ store }) => {
    const record = sampleRecord();
    await store.insert(record, LONG);
    expect(await store.replace(nextRecord(record), 7, LONG, sampleAnswer())).toBe(false);
    expect(await store.answer(record.id)).toBeUndefined();
    const answer = sampleAnswer({ status: 201 });
    await store.replace(nextRecord(record), 1, LONG, answer);
    expect(await store.replace(nextRecord(record), 1, LONG, sampleAnswer({ status: 202 }))).toBe(false);
    await expectAnswer(store, record.id, answer);
  });

  check("gives every byte of a body back", async ({ store }) => {
    const record = sampleRecord();
    await store.insert(record, LONG);
    const answer = sampleAnswer({ body: Uint8Array.from({ length: 256 }, (_, i) => i) });
    await store.replace(nextRecord(record), 1, LONG, answer);
    await expectAnswer(store, record.id, answer);
  });

  check("keeps a body of 1 MiB", async ({ store }) => {
    const record = sampleRecord();
    await store.insert(record, LONG);
    const answer = sampleAnswer({ body: sampleBytes(1024 * 1024) });
    await store.replace(nextRecord(record), 1, LONG, answer);
    await expectAnswer(store, record.id, answer);
  });

  check("keeps an empty body", async ({ store }) => {
    const record = sampleRecord();
    await store.insert(record, LONG);
    const answer = sampleAnswer({ status: 204, headers: [], body: new Uint8Array() });
    await store.replace(nextRecord(record), 1, LONG, answer);
    await expectAnswer(store, record.id, answer);
  });

  check("keeps the part of a buffer that is the body, as it was when it came", async ({ store }) => {
    const record = sampleRecord();
    await store.insert(record, LONG);
    const buffer = sampleBytes(1000);
    const answer = sampleAnswer({ body: buffer.slice(100, 200) });
    await store.replace(nextRecord(record), 1, LONG, { ...answer, body: buffer.subarray(100, 200) });
    // Handlers use their buffers again.
    buffer.fill(0);
    await expectAnswer(store, record.id, answer);
  });

  check("keeps headers in their order, repeated ones too", async ({ store }) => {
    const record = sampleRecord();
    await store.insert(record, LONG);
    const answer = sampleAnswer({
      status: 302,
      headers: [
        ["Set-Cookie", "b=2; Path=/"],
        ["content-type", "text/html"],
        ["set-cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT"],
        ["Set-Cookie", "b=2; Path=/"],
        ["Location", "/caf\u00e9?q='\"\\"],
        ["x-empty", ""],
        ["__proto__", "plain"],
      ],
    });
    await store.replace(nextRecord(record), 1, LONG, answer);
    await expectAnswer(store, record.id, answer);
  });

  check("gives the later of two answers", async ({ store }) => {
    const record = sampleRecord();
    await store.insert(record, LONG);
    await store.replace(nextRecord(record), 1, LONG, sampleAnswer({ body: sampleBytes(5000) }));
    const later = sampleAnswer({ status: 203, headers: [["x-later", "yes"]], body: sampleBytes(3) });
    await store.replace(nextRecord(nextRecord(record)), 2, LONG, later);
    await expectAnswer(store, record.id, later);
  });

  check("keeps the answer through changes that bring none", async ({ store }) => {
    const record = sampleRecord();
    const answer = sampleAnswer();
    await store.insert(record, LONG);
    const kept = nextRecord(record);
    await store.replace(kept, 1, LONG, answer);
    const delivered = nextRecord(kept, { state: "delivered", expiresAt: Date.now() + HOUR });
    await store.replace(delivered, 2, 0);
    await expectRecord(store, delivered);
    await expectAnswer(store, record.id, answer);
  });

  check("gives no answer that has expired", async ({ store }) => {
    const record = sampleRecord();
    await store.insert(record, LONG);
    const next = nextRecord(record);
    expect(await store.replace(next, 1, LONG, sampleAnswer({ expiresAt: Date.now() - 1_000 }))).toBe(true);
    expect(await store.answer(record.id)).toBeUndefined();
    await expectRecord(store, next);
  });

  check("lets an answer expire by itself, and keeps the record", async ({ store }) => {
    const record = sampleRecord();
    await store.insert(record, LONG);
    const next = nextRecord(record);
    await store.replace(next, 1, LONG, sampleAnswer({ expiresAt: Date.now() + 200 }));
    await eventually("the answer expired", async () => (await store.answer(record.id)) === undefined);
    await expectRecord(store, next);
  });

  check(
    "declines an answer beyond its limit, drops the one before, and keeps the record",
    async ({ store, answerLimit }) => {
      const record = sampleRecord();
      await store.insert(record, LONG);
      const first = nextRecord(record);
      const answer = sampleAnswer({ body: sampleBytes(1024) });
      await store.replace(first, 1, LONG, answer);
      await expectAnswer(store, record.id, answer);
      const second = nextRecord(first, { state: "delivered", expiresAt: Date.now() + HOUR });
      expect(await store.replace(second, 2, 0, sampleAnswer({ body: sampleBytes(answerLimit + 1) }))).toBe(true);
      await expectRecord(store, second);
      expect(await store.answer(record.id)).toBeUndefined();
    },
    "answerLimit",
  );
}
