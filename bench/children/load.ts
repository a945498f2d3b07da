import { get, type IncomingMessage } from "node:http";
import { answer } from "../src/conversation.js";
import { createPayments, readOffer } from "../src/payment.js";
import { type Answered, Connection, readHeader, writeRequest } from "../src/wire.js";

/** A load on one path of one server. */
export interface Load {
  readonly port: number;
  readonly path: string;
  /** Every request carries a payment of its own. */
  readonly paid: boolean;
  /** What every answer must be. */
  readonly status: number;
  readonly connections: number;
  /** Ends it, whichever comes first. */
  readonly seconds: number;
  readonly requests: number;
}

export interface Loaded {
  readonly requests: number;
  readonly seconds: number;
}

function unexpected(path: string, { status, body }: Answered, wanted: number): Error {
  return new Error(`${path} answers ${status}, not ${wanted}: ${body.toString("utf8", 0, 200)}`);
}

/** Payments for a path, at the price that its server asks. */
async function paymentsFor(port: number, path: string): Promise<() => string> {
  const connection = await Connection.open(port);
  const answered = await connection.send(writeRequest(path));
  connection.close();
  const offer = readHeader(answered.head, "payment-required");
  if (offer === undefined) throw unexpected(path, answered, 402);
  return createPayments(readOffer(offer));
}

async function load({ port, path, paid, status, connections, seconds, requests }: Load): Promise<Loaded> {
  const pay = paid ? await paymentsFor(port, path) : undefined;
  const plain = writeRequest(path);
  const opened = await Promise.all(Array.from({ length: connections }, () => Connection.open(port)));
  const start = performance.now();
  const end = start + seconds * 1000;
  let sent = 0;
  const work = async (connection: Connection) => {
    while (sent < requests && performance.now() < end) {
      sent++;
      const answered = await connection.send(pay ? writeRequest(path, pay()) : plain);
      if (answered.status !== status) throw unexpected(path, answered, status);
    }
  };
  try {
    await Promise.all(opened.map(work));
    return { requests: sent, seconds: (performance.now() - start) / 1000 };
  } finally {
    for (const connection of opened) connection.close();
  }
}

interface Stream {
  readonly port: number;
  readonly path: string;
  readonly paid: boolean;
}

function open({ port, path }: Stream, payment: string | undefined): Promise<IncomingMessage> {
  const headers = payment === undefined ? {} : { "payment-signature": payment };
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path, headers, agent: false }, resolve).on("error", reject);
  });
}

/** Milliseconds from each of some requests to the first byte of its answer's body. */
async function firstBytes({ times, ...stream }: Stream & { times: number }): Promise<number[]> {
  const pay = stream.paid ? await paymentsFor(stream.port, stream.path) : undefined;
  const waits: number[] = [];
  for (let i = 0; i < times; i++) {
    const payment = pay?.();
    const start = performance.now();
    const response = await open(stream, payment);
    if (response.statusCode !== 200) throw new Error(`${stream.path} answers ${response.statusCode}`);
    let first: number | undefined;
    for await (const _ of response) first ??= performance.now() - start;
    if (first !== undefined) waits.push(first);
  }
  return waits;
}

/** Reads a long answer to its end. */
async function drain(stream: Stream): Promise<{ bytes: number; seconds: number }> {
  const payment = stream.paid ? (await paymentsFor(stream.port, stream.path))() : undefined;
  const start = performance.now();
  const response = await open(stream, payment);
  if (response.statusCode !== 200) throw new Error(`${stream.path} answers ${response.statusCode}`);
  let bytes = 0;
  for await (const chunk of response) bytes += (chunk as Buffer).length;
  return { bytes, seconds: (performance.now() - start) / 1000 };
}

answer({ load, firstBytes, drain });
