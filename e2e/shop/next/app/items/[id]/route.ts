import { sell } from "../../../shop";

export const GET = sell<{ id: string }>("/items/:id", async (_request, { params }) => {
  const { id } = await params;
  return Response.json({ id });
});
