import { NextResponse } from "next/server";
import { sell } from "../../shop";

export const GET = sell("/redirect", () => new NextResponse(null, { status: 302, headers: { location: "/free" } }));
