import { made } from "./pipeline.ts";

export const aged = [made(1), made(2)];
