import type { Json } from "./records.ts";

/** The part of JSON Schema (2020-12) that describes the options of a pipeline. */
export interface JsonSchema {
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  type?: string | string[];
  title?: string;
  description?: string;
  default?: Json;
  const?: Json;
  enum?: Json[];
  format?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  propertyNames?: JsonSchema;
  items?: JsonSchema;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
}

/** Follows `$ref` into `$defs` and merges `allOf`; keywords next to a `$ref` take precedence. */
export function resolveSchema(schema: JsonSchema, root: JsonSchema, depth = 0): JsonSchema {
  if (depth > 10) return {};
  if (schema.$ref) {
    const name = schema.$ref.replace(/^#\/(\$defs|definitions)\//, "");
    const target = schema.$ref === "#" ? root : (root.$defs?.[name] ?? {});
    const { $ref: _, ...beside } = schema;
    return resolveSchema({ ...target, ...beside }, root, depth + 1);
  }
  if (schema.allOf) {
    const { allOf, ...rest } = schema;
    const parts = allOf.map((part) => resolveSchema(part, root, depth + 1));
    const merged: JsonSchema = {};
    for (const part of [...parts, rest]) {
      const properties = { ...merged.properties, ...part.properties };
      const required = [...(merged.required ?? []), ...(part.required ?? [])];
      Object.assign(merged, part, { properties, required });
    }
    if (Object.keys(merged.properties ?? {}).length === 0) delete merged.properties;
    return merged;
  }
  return schema;
}

export function typeOf(schema: JsonSchema): string | undefined {
  return Array.isArray(schema.type) ? schema.type.find((type) => type !== "null") : schema.type;
}
