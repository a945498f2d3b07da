import { paid } from "@turnpike/next";
import { cookies } from "next/headers";
import { forbidden, notFound, permanentRedirect, redirect, unauthorized } from "next/navigation";
import { NextResponse } from "next/server";
import { run, tolls } from "../../../lib/tolls.js";

const deeds = {
  redirect: () => redirect("/real/free?a=1;b=2"),
  permanent: () => permanentRedirect("/real/free"),
  notfound: () => notFound(),
  forbidden: () => forbidden(),
  unauthorized: () => unauthorized(),
  throw: () => {
    throw new Error("boom");
  },
  nothing: () => undefined,
  next: () => NextResponse.json({ next: true }, { status: 201, headers: { "x-next": "1" } }),
  moved: () => NextResponse.redirect("http://shop.example/free"),
  never: (request) => new Promise(() => request.signal.addEventListener("abort", () => run("aborted"))),
  json: () => Response.json({ premium: true }),
  both: () => new Response("both", { headers: { "set-cookie": "own=1; Path=/own" } }),
  echo: async (request) => new Response(await request.text()),
  raw: (request) => new Response(request.body),
  ignore: () => new Response("ignored"),
  stream: () => {
    const pull = (controller) => {
      controller.enqueue(new Uint8Array(1 << 16));
      if (run("pulled") % 1024 === 0) controller.close();
    };
    return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
  },
};

async function handle(request, { params }) {
  run("does");
  (await cookies()).set("session", "premium");
  return deeds[(await params).what](request);
}

export const GET = paid(tolls, "$0.01", handle);
export const POST = paid(tolls, "$0.01", handle);
