import { serve } from "../lib/stage.js";

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = serve("/priced");
