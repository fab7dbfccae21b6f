import { made } from "./pipeline.ts";

export const aged = [made(2)];
