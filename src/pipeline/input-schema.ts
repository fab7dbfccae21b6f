import { z } from "zod";

export type JsonSchema = Record<string, unknown>;

/**
 * The shape of what clients send, before defaults. Leaves open what JSON Schema cannot express; the schema itself
 * checks that.
 */
export function inputSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
}
