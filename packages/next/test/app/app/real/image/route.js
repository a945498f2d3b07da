import { paid } from "@turnpike/next";
import { run, tolls } from "../../lib/tolls.js";

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

export const GET = paid(tolls, "$0.01", () => {
  run("image");
  return new Response(Buffer.from(pixel, "base64"), { headers: { "content-type": "image/png" } });
});
