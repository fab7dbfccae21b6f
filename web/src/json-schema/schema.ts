import { type JsonSchema, resolveSchema, typeOf } from "../../../src/domain/json-schema.ts";
import type { Json } from "../../../src/domain/records.ts";

export { type JsonSchema, resolveSchema, typeOf };

/** Form control for a schema. `json` is the fallback for anything without a specific control. */
export type Control =
  | { kind: "text"; long: boolean; input: TextInputType }
  | { kind: "number"; whole: boolean }
  | { kind: "boolean" }
  | { kind: "choice"; values: Json[] }
  | { kind: "object" }
  | { kind: "list"; items: JsonSchema }
  | { kind: "variants"; variants: JsonSchema[] }
  | { kind: "file" }
  | { kind: "json" };

export function controlOf(given: JsonSchema, root: JsonSchema): Control {
  const schema = resolveSchema(given, root);
  if (schema.format === "artifact") return { kind: "file" };
  if (schema.enum) return { kind: "choice", values: schema.enum };
  if (schema.const !== undefined) return { kind: "choice", values: [schema.const] };
  const variants = (schema.anyOf ?? schema.oneOf)?.map((variant) => resolveSchema(variant, root));
  if (variants) {
    const real = variants.filter((variant) => !isNull(variant));
    // Show `nullable` and unions of constants as one plain control.
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
      return { kind: "text", long: (schema.maxLength ?? 0) > 300, input: inputTypeOf(schema) };
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

/** Native input types, which have their own keyboards on phones. */
export type TextInputType = "text" | "email" | "url" | "date" | "time" | "datetime-local";

const inputTypes: Readonly<Record<string, TextInputType>> = {
  email: "email",
  uri: "url",
  url: "url",
  date: "date",
  time: "time",
  "date-time": "datetime-local",
};

function inputTypeOf({ format }: JsonSchema): TextInputType {
  return (format !== undefined && inputTypes[format]) || "text";
}

/** A field with a default is optional, even if `required` lists it. */
export function isRequired(parent: JsonSchema, name: string): boolean {
  return (parent.required?.includes(name) ?? false) && parent.properties?.[name]?.default === undefined;
}

/** The constant that distinguishes a variant of a union, such as `type: "circle"`. */
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

/** Converts `keepMetadata` to "Keep metadata". */
export function humanise(name: string): string {
  const words = name
    .replace(/[_-]+/g, " ")
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .trim()
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function isNull(schema: JsonSchema): boolean {
  return schema.type === "null" || schema.const === null;
}

function isScalar(schema: JsonSchema | undefined, root: JsonSchema): boolean {
  if (!schema) return false;
  const { kind } = controlOf(schema, root);
  return kind === "text" || kind === "number" || kind === "choice";
}
