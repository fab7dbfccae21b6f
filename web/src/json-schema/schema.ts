import type { Json } from "../../../src/domain/records.ts";

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

/** What a form shows for a schema. `json` is the way out for anything that has no control of its own. */
export type Control =
  | { kind: "text"; long: boolean }
  | { kind: "number"; whole: boolean }
  | { kind: "boolean" }
  | { kind: "choice"; values: Json[] }
  | { kind: "object" }
  | { kind: "list"; items: JsonSchema }
  | { kind: "variants"; variants: JsonSchema[] }
  | { kind: "file" }
  | { kind: "json" };

/** Follows `$ref` into `$defs` and merges `allOf`; what stands beside a `$ref` wins. */
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

export function controlOf(given: JsonSchema, root: JsonSchema): Control {
  const schema = resolveSchema(given, root);
  if (schema.format === "artifact") return { kind: "file" };
  if (schema.enum) return { kind: "choice", values: schema.enum };
  if (schema.const !== undefined) return { kind: "choice", values: [schema.const] };
  const variants = (schema.anyOf ?? schema.oneOf)?.map((variant) => resolveSchema(variant, root));
  if (variants) {
    const real = variants.filter((variant) => !isNull(variant));
    // `nullable` and unions of constants read better as one plain control.
    if (real.length === 1 && real[0]) return controlOf(real[0], root);
    const constants = real.flatMap(
      (variant) => variant.enum ?? (variant.const !== undefined ? [variant.const] : []),
    );
    if (real.every((variant) => variant.enum || variant.const !== undefined))
      return { kind: "choice", values: constants };
    return { kind: "variants", variants: real };
  }
  switch (typeOf(schema)) {
    case "string":
      return { kind: "text", long: (schema.maxLength ?? 0) > 300 };
    case "integer":
      return { kind: "number", whole: true };
    case "number":
      return { kind: "number", whole: false };
    case "boolean":
      return { kind: "boolean" };
    case "object":
      return schema.properties ? { kind: "object" } : { kind: "json" };
    case "array":
      return isScalar(schema.items, root) && schema.items
        ? { kind: "list", items: schema.items }
        : { kind: "json" };
    default:
      return { kind: "json" };
  }
}

/** A field that has a default may be left out, whatever `required` says. */
export function isRequired(parent: JsonSchema, name: string): boolean {
  return (parent.required?.includes(name) ?? false) && parent.properties?.[name]?.default === undefined;
}

/** The constant that tells a variant of a union apart, such as `type: "circle"`. */
export function variantLabel(
  variant: JsonSchema,
  index: number,
  fallback: (index: number) => string,
): string {
  if (variant.title) return variant.title;
  for (const [, property] of Object.entries(variant.properties ?? {})) {
    if (typeof property.const === "string") return property.const;
  }
  const onlyName = Object.keys(variant.properties ?? {})[0];
  if (onlyName) return humanise(onlyName);
  return typeOf(variant) ?? fallback(index);
}

/** `keepMetadata` becomes "Keep metadata". */
export function humanise(name: string): string {
  const words = name
    .replace(/[_-]+/g, " ")
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .trim()
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function typeOf(schema: JsonSchema): string | undefined {
  return Array.isArray(schema.type) ? schema.type.find((type) => type !== "null") : schema.type;
}

function isNull(schema: JsonSchema): boolean {
  return schema.type === "null" || schema.const === null;
}

function isScalar(schema: JsonSchema | undefined, root: JsonSchema): boolean {
  if (!schema) return false;
  const { kind } = controlOf(schema, root);
  return kind === "text" || kind === "number" || kind === "choice";
}
