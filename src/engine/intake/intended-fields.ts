import type { z } from "zod";
import { type JsonSchema, resolveSchema } from "../../domain/json-schema.ts";
import { inputSchema } from "../../pipeline/input-schema.ts";
import { nearest } from "../nearest.ts";

type Issues = z.ZodError["issues"];

/** The issues, each unknown field with the known one that was probably meant. */
export function withIntendedFields(
  issues: Issues,
  schema: z.ZodType,
): (Issues[number] & { meant?: string[] })[] {
  if (!issues.some(({ code }) => code === "unrecognized_keys")) return issues;
  const root = inputSchema(schema) as JsonSchema;
  return issues.map((issue) => {
    if (issue.code !== "unrecognized_keys") return issue;
    const known = fieldsAt(root, issue.path);
    return { ...issue, meant: issue.keys.flatMap((key) => nearest(key, known) ?? []) };
  });
}

/** The fields that objects at this path can have. */
function fieldsAt(root: JsonSchema, path: readonly PropertyKey[]): string[] {
  let places = formsOf(root, root);
  for (const key of path) {
    places = places
      .flatMap(({ properties, items, additionalProperties: others }) =>
        typeof key === "number"
          ? items
          : (properties?.[String(key)] ?? (typeof others === "object" ? others : undefined)),
      )
      .flatMap((schema) => (schema ? formsOf(schema, root) : []));
  }
  return places.flatMap(({ properties }) => Object.keys(properties ?? {}));
}

/** The schema, or all of its alternatives. */
function formsOf(schema: JsonSchema, root: JsonSchema): JsonSchema[] {
  const resolved = resolveSchema(schema, root);
  return [resolved, ...(resolved.anyOf ?? []), ...(resolved.oneOf ?? [])].map((one) =>
    resolveSchema(one, root),
  );
}
