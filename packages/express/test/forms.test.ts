import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import express, { type Request, type RequestHandler } from "express";
import fileUpload from "express-fileupload";
import multer from "multer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { paid } from "../src/index.js";
import { openStand, quietApp } from "./stand.js";

const stand = openStand();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "forms-"));
});
afterAll(() => rm(folder, { recursive: true }));

interface Content {
  readonly note?: string;
  readonly file?: string | Uint8Array;
  readonly name?: string;
  readonly type?: string;
}

function form({ note = "one", file = "file", name = "a.txt", type = "text/plain" }: Content = {}): FormData {
  const data = new FormData();
  data.append("note", note);
  data.append("file", new Blob([file as BlobPart], { type }), name);
  return data;
}

async function serve(...middleware: RequestHandler[]): Promise<string> {
  const app = quietApp();
  app.post("/paid", ...middleware, (_, res) => void res.send("sold"));
  return `${await stand.listen(app)}/paid`;
}

const price = () => paid(stand.config(), "$0.01");
const codeOf = async (response: Response): Promise<string> =>
  response.ok ? response.text() : ((await response.json()) as { code: string }).code;

/** Buys with one form, then sends others with the same payment. */
async function codes(url: string, ...forms: FormData[]): Promise<string[]> {
  const bought = await stand.buy(url, { method: "POST", body: form() });
  const seen = [await codeOf(bought.response)];
  for (const body of forms) {
    seen.push(
      await codeOf(await fetch(url, { method: "POST", body, headers: { "payment-signature": bought.header } })),
    );
  }
  return seen;
}

const ahead: Record<string, () => RequestHandler[]> = {
  "that nobody has read": () => [
    price(),
    async (req, _, next) => void next((await buffer(req)).length ? undefined : 1),
  ],
  "that multer has in memory": () => [multer({ storage: multer.memoryStorage() }).single("file"), price()],
  "that multer has on disk": () => [multer({ dest: folder }).array("file"), price()],
  "that multer has by fields": () => [multer({ dest: folder }).fields([{ name: "file" }]), price()],
  "that express-fileupload has in memory": () => [fileUpload() as RequestHandler, price()],
  "that express-fileupload has on disk": () => [
    fileUpload({ useTempFiles: true, tempFileDir: folder }) as RequestHandler,
    price(),
  ],
};

describe("a payment is for one form", () => {
  for (const [name, middleware] of Object.entries(ahead)) {
    it(`G59 ${name}: the same form sent again is the same request, another is another`, async () => {
      const url = await serve(...middleware());
      const others = [
        form({ note: "two" }),
        form({ file: "fila" }),
        form({ name: "b.txt" }),
        form({ type: "text/css" }),
      ];
      expect(await codes(url, form(), ...others, form())).toEqual([
        "sold",
        "sold",
        ...others.map(() => "payment_bound"),
        "sold",
      ]);
    });
  }

  it("G59b tells large files apart by all of their bytes", async () => {
    const large = (last: number) => Buffer.alloc(300_000, 1).fill(last, 299_999);
    for (const middleware of [ahead["that nobody has read"], ahead["that multer has on disk"]]) {
      const url = await serve(...(middleware?.() ?? []));
      const body = form({ file: large(1) });
      const bought = await stand.buy(url, { method: "POST", body });
      const ask = (last: number) =>
        fetch(url, {
          method: "POST",
          body: form({ file: large(last) }),
          headers: { "payment-signature": bought.header },
        }).then(codeOf);
      expect([await codeOf(bought.response), await ask(2), await ask(1)]).toEqual(["sold", "payment_bound", "sold"]);
    }
  });

  it("G59c refuses files that cannot be read, and a body of which its reader left nothing", async () => {
    const unreadable = (file: object): RequestHandler[] => [
      multer({ storage: multer.memoryStorage() }).none(),
      (req, _, next) => {
        (req as { file?: unknown }).file = { fieldname: "file", originalname: "a.txt", size: 4, ...file };
        next();
      },
      price(),
    ];
    const noFile = new FormData();
    noFile.append("note", "one");
    const asked = async (...middleware: RequestHandler[]) =>
      codeOf((await stand.buy(await serve(...middleware), { method: "POST", body: noFile })).response);
    expect(await asked(...unreadable({ path: join(folder, "gone") }))).toBe("request_incomplete");
    expect(await asked(...unreadable({ path: folder }))).toBe("request_incomplete");
    expect(await asked(...unreadable({ location: "https://files.example/1" }))).toBe("request_incomplete");
    const swallow: RequestHandler = (req, _, next) => void buffer(req).then(() => next(), next);
    expect(await asked(swallow, price())).toBe("request_incomplete");
  });

  it("G59f binds the fields that a parser leaves apart from the body, and takes no empty object for a long body", async () => {
    const apart: RequestHandler = async (req, _, next) => {
      const { note } = JSON.parse((await buffer(req)).toString()) as { note: string };
      Object.assign(req, { fields: { note }, files: {} });
      next();
    };
    const left: RequestHandler = async (req, _, next) => {
      await buffer(req);
      req.body = {};
      next();
    };
    const send = (note: string, payment?: string) => ({
      method: "POST",
      body: JSON.stringify({ note }),
      headers: { "content-type": "application/json", ...(payment && { "payment-signature": payment }) },
    });
    const url = await serve(apart, price());
    const bought = await stand.buy(url, send("cheap"));
    expect(await codeOf(bought.response)).toBe("sold");
    expect(await codeOf(await fetch(url, send("dear", bought.header)))).toBe("payment_bound");
    expect((await fetch(url, send("cheap", bought.header))).status).not.toBe(402);

    const blind = await stand.buy(await serve(left, price()), send("a note of some length"));
    expect(blind.response.ok).toBe(false);
  });

  it("G59d reads no file of the server's that a body only names", async () => {
    const url = await serve(express.json(), price());
    const file = { fieldname: "file", originalname: "a", size: 4, path: "/dev/zero", toBuffer: "x", fields: {} };
    const init = (value: object, header?: string): RequestInit => ({
      method: "POST",
      body: JSON.stringify({ file: value }),
      headers: { "content-type": "application/json", ...(header && { "payment-signature": header }) },
    });
    const bought = await stand.buy(url, init(file));
    expect(await codeOf(bought.response)).toBe("sold");
    const ask = async (value: object) => codeOf(await fetch(url, init(value, bought.header)));
    expect(await ask({ ...file, encoding: "other" })).toBe("payment_bound");
    expect(await ask(file)).toBe("sold");
  });

  it("G59e takes another boundary for the same request, and what it would make another form for another", async () => {
    const digest = createHash("sha256").update("boundaries").digest("hex").slice(0, 16);
    const url = await serve(
      price(),
      async (req: Request, _, next) => void next((await buffer(req)).length ? undefined : 1),
    );
    const body = [`--${digest}`, 'Content-Disposition: form-data; name="note"', "", "one", `--${digest}--`, ""].join(
      "\r\n",
    );
    const init = (text: string, boundary: string, header?: string): RequestInit => ({
      method: "POST",
      body: text,
      headers: {
        "content-type": `multipart/form-data; boundary=${boundary}`,
        ...(header && { "payment-signature": header }),
      },
    });
    const bought = await stand.buy(url, init(body, digest));
    const ask = async (text: string, boundary: string) => codeOf(await fetch(url, init(text, boundary, bought.header)));
    expect(await codeOf(bought.response)).toBe("sold");
    expect(await ask(body.replaceAll(digest, "x"), '"x"')).toBe("sold");
    expect(await ask(body.replaceAll(digest, "xyz"), "xyz")).toBe("sold");
    expect(await ask(body, "xyz")).toBe("payment_bound");
    expect(await ask(body, `${digest}; boundary=xyz`)).toBe("payment_bound");
    expect(await ask(body.replace("one", `one\r\n--${digest}\r\n\r\ntwo`), digest)).toBe("payment_bound");
  });
});
