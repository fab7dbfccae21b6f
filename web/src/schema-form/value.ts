import type { Json } from "../../../src/domain/records.ts";
import { controlOf, isRequired, type JsonSchema, resolveSchema, typeOf } from "../json-schema/schema.ts";

/**
 * State of a generated form. Fields keep what was typed: numbers are text, so that incomplete ones are not lost. `""`
 * and `undefined` mean "not given".
 */
export type Draft = string | boolean | File | undefined | Draft[] | DraftVariant | DraftObject;

export interface DraftObject {
  [name: string]: Draft;
}

/** The chosen variant of a union, and its draft. */
export interface DraftVariant {
  $variant: number;
  $value: Draft;
}

export interface Built {
  value: Json | undefined;
  /** By path, such as `a.b.0`. */
  errors: Record<string, FieldError>;
  files: Map<string, File>;
}

export type FieldError =
  | { kind: "required" }
  | { kind: "number" }
  | { kind: "whole" }
  | { kind: "json" }
  | { kind: "pattern" }
  | {
      kind: "min" | "max" | "above" | "below" | "step" | "minLength" | "maxLength" | "minItems" | "maxItems";
      limit: number;
    };

export function initialDraft(given: JsonSchema, root: JsonSchema): Draft {
  const schema = resolveSchema(given, root);
  return draftOf(schema.default, schema, root);
}

function draftOf(value: Json | undefined, schema: JsonSchema, root: JsonSchema): Draft {
  const control = controlOf(schema, root);
  switch (control.kind) {
    case "boolean":
      return value === true;
    case "text":
    case "number":
      return value === undefined || value === null ? "" : String(value);
    case "choice":
      return value === undefined ? "" : JSON.stringify(value);
    case "list":
      return Array.isArray(value) ? value.map((item) => draftOf(item, control.items, root)) : [];
    case "object": {
      const given = isObject(value) ? value : {};
      const inner = unwrap(schema, root);
      const entries = Object.entries(inner.properties ?? {}).map(([name, property]) => [
        name,
        given[name] !== undefined
          ? draftOf(given[name], resolveSchema(property, root), root)
          : isOptionalGroup(inner, name, root)
            ? undefined
            : initialDraft(property, root),
      ]);
      return Object.fromEntries(entries);
    }
    case "variants": {
      if (value === undefined || value === null) return undefined;
      const found = control.variants.findIndex((variant) => fits(value, variant));
      const chosen = control.variants[Math.max(0, found)] ?? {};
      return { $variant: Math.max(0, found), $value: draftOf(value, chosen, root) };
    }
    case "file":
      return undefined;
    case "json":
      return value === undefined ? "" : JSON.stringify(value, null, 2);
  }
}

/** Converts a draft to a job's options. Omits empty fields, so that the server's defaults apply. */
export function buildValue(draft: Draft, schema: JsonSchema, root: JsonSchema): Built {
  const errors: Record<string, FieldError> = {};
  const files = new Map<string, File>();
  const value = build(draft, schema, root, "", true, errors, files);
  return { value, errors, files };
}

function build(
  draft: Draft,
  given: JsonSchema,
  root: JsonSchema,
  path: string,
  required: boolean,
  errors: Record<string, FieldError>,
  files: Map<string, File>,
): Json | undefined {
  const schema = unwrap(given, root);
  const control = controlOf(given, root);
  const fail = (error: FieldError) => {
    errors[path] = error;
    return undefined;
  };
  const missing = () => (required ? fail({ kind: "required" }) : undefined);

  switch (control.kind) {
    case "boolean":
      return draft === true;
    case "choice":
      return draft === "" || draft === undefined ? missing() : JSON.parse(String(draft));
    case "text": {
      const text = typeof draft === "string" ? draft : "";
      if (text === "") return missing();
      if (schema.minLength !== undefined && text.length < schema.minLength) {
        return fail({ kind: "minLength", limit: schema.minLength });
      }
      if (schema.maxLength !== undefined && text.length > schema.maxLength) {
        return fail({ kind: "maxLength", limit: schema.maxLength });
      }
      if (schema.pattern && !matches(schema.pattern, text)) return fail({ kind: "pattern" });
      return text;
    }
    case "number": {
      if (draft === "" || draft === undefined) return missing();
      const number = Number(draft);
      if (!Number.isFinite(number)) return fail({ kind: "number" });
      const error = checkNumber(number, schema, control.whole);
      return error ? fail(error) : number;
    }
    case "list": {
      const items = Array.isArray(draft) ? draft : [];
      if (items.length < (schema.minItems ?? 0))
        return fail({ kind: "minItems", limit: schema.minItems ?? 0 });
      if (schema.maxItems !== undefined && items.length > schema.maxItems) {
        return fail({ kind: "maxItems", limit: schema.maxItems });
      }
      if (items.length === 0 && !required) return undefined;
      return items.map(
        (item, index) => build(item, control.items, root, join(path, index), true, errors, files) ?? null,
      );
    }
    case "object": {
      const fields = isObject(draft) ? (draft as DraftObject) : {};
      if (draft === undefined && !required) return undefined;
      const entries = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
        const value = build(
          fields[name],
          property,
          root,
          join(path, name),
          isRequired(schema, name),
          errors,
          files,
        );
        return value === undefined ? [] : [[name, value] as const];
      });
      return Object.fromEntries(entries);
    }
    case "variants": {
      if (!isVariant(draft)) return missing();
      const variant = control.variants[draft.$variant];
      return variant ? build(draft.$value, variant, root, path, true, errors, files) : missing();
    }
    case "file":
      if (!(draft instanceof File)) return missing();
      files.set(path, draft);
      return undefined;
    case "json": {
      const text = typeof draft === "string" ? draft.trim() : "";
      if (text === "") return missing();
      try {
        return JSON.parse(text);
      } catch {
        return fail({ kind: "json" });
      }
    }
  }
}

function checkNumber(value: number, schema: JsonSchema, whole: boolean): FieldError | null {
  if (whole && !Number.isInteger(value)) return { kind: "whole" };
  if (schema.minimum !== undefined && value < schema.minimum) return { kind: "min", limit: schema.minimum };
  if (schema.maximum !== undefined && value > schema.maximum) return { kind: "max", limit: schema.maximum };
  if (schema.exclusiveMinimum !== undefined && value <= schema.exclusiveMinimum) {
    return { kind: "above", limit: schema.exclusiveMinimum };
  }
  if (schema.exclusiveMaximum !== undefined && value >= schema.exclusiveMaximum) {
    return { kind: "below", limit: schema.exclusiveMaximum };
  }
  if (
    schema.multipleOf !== undefined &&
    Math.abs(value / schema.multipleOf - Math.round(value / schema.multipleOf)) > 1e-9
  ) {
    return { kind: "step", limit: schema.multipleOf };
  }
  return null;
}

/** Leaves patterns that this browser does not support to the server. */
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    return true;
  }
}

/** The schema itself, or the only non-null member of a nullable union. */
export function unwrap(given: JsonSchema, root: JsonSchema): JsonSchema {
  const schema = resolveSchema(given, root);
  const members = (schema.anyOf ?? schema.oneOf)?.map((member) => resolveSchema(member, root));
  const real = members?.filter((member) => member.type !== "null");
  return real?.length === 1 && real[0] ? { ...real[0], ...pickWords(schema) } : schema;
}

function pickWords({ title, description }: JsonSchema): JsonSchema {
  return { ...(title && { title }), ...(description && { description }) };
}

export function isVariant(draft: Draft): draft is DraftVariant {
  return isObject(draft) && "$variant" in draft;
}

/** An optional nested object, which has a switch. `undefined` means off. */
export function isOptionalGroup(parent: JsonSchema, name: string, root: JsonSchema): boolean {
  const property = parent.properties?.[name];
  if (!property || controlOf(property, root).kind !== "object") return false;
  return !isRequired(parent, name) && resolveSchema(property, root).default === undefined;
}

function fits(value: Json, variant: JsonSchema): boolean {
  if (variant.const !== undefined) return JSON.stringify(variant.const) === JSON.stringify(value);
  if (Array.isArray(value)) return typeOf(variant) === "array";
  if (isObject(value)) {
    const constants = Object.entries(variant.properties ?? {}).filter(
      ([, property]) => property.const !== undefined,
    );
    const given = value as { [key: string]: Json };
    const names = variant.required ?? [];
    return (
      typeOf(variant) === "object" &&
      names.every((name) => name in given) &&
      constants.every(([name, property]) => given[name] === property.const)
    );
  }
  const type = typeOf(variant);
  return (
    typeof value === type || (typeof value === "number" && type === "integer" && Number.isInteger(value))
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof File);
}

function join(path: string, name: string | number): string {
  return path === "" ? String(name) : `${path}.${name}`;
}
