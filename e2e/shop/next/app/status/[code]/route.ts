import { readCode, withoutBody } from "@turnpike/shop-shared/answers";
import { NextResponse } from "next/server";
import { sell } from "../../../shop";

export const GET = sell<{ code: string }>("/status/:code", async (_request, { params }) => {
  const status = readCode((await params).code);
  return withoutBody(status) ? new NextResponse(null, { status }) : NextResponse.json({ status }, { status });
});
