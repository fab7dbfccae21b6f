import { nearest } from "../../engine/nearest.ts";
import { MillraceError } from "../../errors.ts";
import { inputSchema, type JsonSchema } from "../../pipeline/input-schema.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import { FIELD_NAMES } from "./job-fields.ts";

/** How deep a form can name options. */
const MOST_LEVELS = 8;

/** Option paths that take files. `isOpen` if any option may be a file, because the schema does not constrain them. */
interface FilePaths {
  paths: string[];
  isOpen: boolean;
}

const known = new WeakMap<Pipeline, FilePaths>();

/** Throws for a file that no option of the pipeline takes, because it would be stored and never read. */
export function refusePart(path: string, pipeline: Pipeline): void {
  const { paths, isOpen } = filePaths(pipeline);
  if (!isOpen && !paths.some((known) => matches(path, known))) throw unknownPart(path, pipeline);
}

/** Error for a part that nothing reads. Suggests the closest name, if there is one. */
export function unknownPart(name: string, pipeline: Pipeline | null): MillraceError {
  const shown = name.length > 80 ? `${name.slice(0, 80)}…` : name;
  const names = ["files", ...FIELD_NAMES, ...(pipeline ? filePaths(pipeline).paths : [])];
  const meant = nearest(name, names);
  const hint = meant ? `Did you mean "${meant}"?` : `The parts are ${names.join(", ")}.`;
  return new MillraceError("unknown_part", `No part of a job is named "${shown}". ${hint}`, {
    extra: {
      issues: [{ path: shown, message: "is not a part of this form" }],
      ...(meant && { intended: meant }),
    },
  });
}

/** @param pattern a path, in which `*` matches any index or name */
function matches(path: string, pattern: string): boolean {
  const [names, expected] = [path.split("."), pattern.split(".")];
  return names.length === expected.length && expected.every((one, n) => one === "*" || one === names[n]);
}

function filePaths(pipeline: Pipeline): FilePaths {
  let found = known.get(pipeline);
  if (!found) {
    found = { paths: [], isOpen: false };
    const root = inputSchema(pipeline.options);
    collect(root, root, [], found);
    known.set(pipeline, found);
  }
  return found;
}

function collect(schema: JsonSchema, root: JsonSchema, path: readonly string[], into: FilePaths): void {
  if (path.length > MOST_LEVELS) return;
  if (schema.format === "artifact") {
    if (path.length > 0) into.paths.push(path.join("."));
    return;
  }
  const reference = typeof schema.$ref === "string" ? definition(root, schema.$ref) : undefined;
  if (reference) return collect(reference, root, [...path], into);
  const inside = [schema.anyOf, schema.oneOf, schema.allOf].flat().filter(isSchema);
  for (const one of inside) collect(one, root, path, into);
  const { properties, items, additionalProperties } = schema;
  for (const [name, one] of Object.entries((properties ?? {}) as JsonSchema))
    if (isSchema(one)) collect(one, root, [...path, name], into);
  if (isSchema(items)) collect(items, root, [...path, "*"], into);
  if (isSchema(additionalProperties)) collect(additionalProperties, root, [...path, "*"], into);
  if (isAny(schema)) into.isOpen = true;
}

function definition(root: JsonSchema, reference: string): JsonSchema | undefined {
  const name = reference.split("/").at(-1)!;
  const found = (root.$defs as JsonSchema | undefined)?.[name];
  return isSchema(found) ? found : undefined;
}

function isAny(schema: JsonSchema): boolean {
  const says = ["type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "not"];
  return says.every((name) => schema[name] === undefined);
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
