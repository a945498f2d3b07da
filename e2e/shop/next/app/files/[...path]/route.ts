import { sell } from "../../../shop";

export const GET = sell<{ path: string[] }>("/files/*", async (_request, { params }) => {
  const { path } = await params;
  return Response.json({ path: path.join("/") });
});
