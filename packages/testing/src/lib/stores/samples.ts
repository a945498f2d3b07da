import type { StoredAnswer, StoredPayment } from "@turnpike/core";

/** A lease, in milliseconds, that does not expire while a case runs. */
export const LONG = 600_000;
/** A lease that runs out while a case waits. */
export const SHORT = 150;
export const HOUR = 3_600_000;

let serial = 0;

/** A payment's id as EVM payments have them, different at each call. */
export function sampleId(): string {
  const nonce = (++serial).toString(16).padStart(64, "0");
  return `x402:eip155:84532:0x036cbd53842c5426634e7929541ec2318f3dcf7e:0x2b5ad5c4795c026514f8317c7a215e218dccd6cf:0x${nonce}`;
}

/** A `running` record with the members that every record has, and those given. */
export function sampleRecord(members: Partial<StoredPayment> = {}): StoredPayment {
  const now = Date.now();
  return {
    id: sampleId(),
    version: 1,
    state: "running",
    route: "GET /weather",
    request: "GET /weather?city=Bern",
    offer: {
      scheme: "exact",
      network: "eip155:84532",
      amount: "10000",
      asset: "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
      payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
      maxTimeoutSeconds: 60,
    },
    facilitator: "https://facilitator.test",
    runs: 1,
    createdAt: now,
    updatedAt: now,
    times: { running: now },
    holder: `holder-${++serial}`,
    ...members,
  };
}

/** What a record may lack: a sample that lacks one of these tells nothing of it. */
type Every = Required<Pick<StoredPayment, OptionalOf<StoredPayment>>>;
type OptionalOf<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T];

/** A record with every member, and with values that encodings stumble over. */
export function fullRecord(): StoredPayment {
  const now = Date.now();
  const awkward = {
    empty: "",
    words: "Zürich 東京 🌍 e\u0301 \u2028 'quoted' \"double\" back\\slash %_ \t\n",
    // A facilitator's receipt may have these, and it must be written down all the same.
    control: "\u0000\u0001\u001f\u007f",
    surrogate: "\ud83d",
    numbers: [0, -1, 0.1, 1e21, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
    nothing: null,
    flags: [true, false],
    none: {},
    list: [],
    deep: { a: { b: { c: [{ d: ["e"] }] } } },
    "odd key: 'ü' .$#": 1,
  };
  return sampleRecord({
    state: "settling",
    route: "GET /wetter/:ort",
    request: "GET /wetter/Z%C3%BCrich?q=%22%27 sha256:0123",
    offer: { ...sampleRecord().offer, extra: { name: "USDC", version: "2", awkward } },
    payer: "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF",
    proof: "a".repeat(64),
    identifier: "b".repeat(64),
    transaction: `0x${"c".repeat(64)}`,
    receipt: {
      success: true,
      payer: "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF",
      transaction: `0x${"c".repeat(64)}`,
      network: "eip155:84532",
      amount: "115792089237316195423570985008687907853269984665640564039457584007913129639935",
      extensions: { awkward },
      extra: { awkward },
    },
    audience: "c".repeat(64),
    answered: false,
    arrived: false,
    told: true,
    kept: true,
    finality: 12,
    settleToken: "f".repeat(36),
    label: "GET /wetter/:ort",
    claimedAt: now - 2,
    moving: true,
    uncharged: 2,
    chargedAt: now - 1,
    refund: { transaction: `0x${"e".repeat(64)}`, note: "Zürich \u0000 🌍", plan: '{"nonce":7}' },
    handedAt: now - 1,
    reason: "settlement_pending",
    validBefore: Number.MAX_SAFE_INTEGER,
    runs: 3,
    times: { running: now - 2, settling: now },
    expiresAt: now + HOUR,
    payload: {
      x402Version: 2,
      resource: { url: "https://shop.test/wetter/Z%C3%BCrich", tags: ["a", "b"] },
      accepted: { ...sampleRecord().offer, extra: { awkward } },
      payload: { signature: `0x${"d".repeat(130)}`, authorization: { awkward } },
      extensions: { "payment-identifier": { info: { id: "pay_1" } } },
    },
  } satisfies Partial<StoredPayment> & Every);
}

/** The next version of the record. */
export function nextRecord(record: StoredPayment, members: Partial<StoredPayment> = {}): StoredPayment {
  return { ...record, version: record.version + 1, updatedAt: record.updatedAt + 1, ...members };
}

/** A response that is given out for an hour. */
export function sampleAnswer(members: Partial<StoredAnswer> = {}): StoredAnswer {
  return {
    status: 200,
    headers: [["content-type", "text/plain; charset=utf-8"]],
    body: new TextEncoder().encode("sunny in Zürich"),
    expiresAt: Date.now() + HOUR,
    ...members,
  };
}

/** Bytes in which every value occurs, and no stretch repeats the one before. */
export function sampleBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i + (i >> 8) + (i >> 16)) & 255;
  return bytes;
}
