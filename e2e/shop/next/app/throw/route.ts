import { sell } from "../../shop";

export const GET = sell("/throw", () => {
  throw new Error("This route always throws, as it is meant to.");
});
