import { z } from "zod";

export type JsonSchema = Record<string, unknown>;

/** What clients send, before defaults; what JSON Schema cannot say is left open and checked by the schema itself. */
export function inputSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
}
