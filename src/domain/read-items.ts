import { type JsonSchema, resolveSchema, typeOf } from "./json-schema.ts";
import type { Json } from "./records.ts";

/** Of a file of items; the request that it becomes may have 16 MiB. */
export const MOST_ITEMS_FILE_BYTES = 64 * 1024 * 1024;

/** What is wrong with a line, from 1. */
export class ItemsFault extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** Reads a CSV with names in its first row, as Papa Parse does. */
export type ParseCsv = (
  text: string,
  options: { header: true; skipEmptyLines: "greedy" },
) => {
  data: Record<string, string>[];
  errors: readonly { type: string; code: string; message: string; row?: number }[];
};

/**
 * The items of data in a file: NDJSON has one value in each line; CSV has names in its first row, and its texts become
 * what the schema says. An empty cell is left out.
 */
export function readItems(
  text: string,
  { schema, parseCsv }: { schema: JsonSchema /** `null`: the file is NDJSON. */; parseCsv: ParseCsv | null },
): { data: Json }[] {
  const content = text.replace(/^\uFEFF/, "");
  return parseCsv ? fromCsv(content, schema, parseCsv) : fromLines(content);
}

function fromLines(text: string): { data: Json }[] {
  const items: { data: Json }[] = [];
  for (const [n, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    try {
      items.push({ data: JSON.parse(line) as Json });
    } catch (error) {
      throw new ItemsFault(n + 1, (error as Error).message);
    }
  }
  return items;
}

function fromCsv(text: string, root: JsonSchema, parseCsv: ParseCsv): { data: Json }[] {
  const { data, errors } = parseCsv(text, { header: true, skipEmptyLines: "greedy" });
  // A single column has no delimiter to be found.
  const fault = errors.find(({ code }) => code !== "UndetectableDelimiter");
  // Rows count from the first after the names, but those of quotes from the names on.
  if (fault) throw new ItemsFault((fault.row ?? 0) + (fault.type === "Quotes" ? 1 : 2), fault.message);
  const properties = resolveSchema(root, root).properties ?? {};
  return data.map((row) => {
    const cells = Object.entries(row).filter(([, cell]) => cell !== "");
    return {
      data: Object.fromEntries(cells.map(([name, cell]) => [name, cellValue(cell, properties[name], root)])),
    };
  });
}

/** What does not look like its type stays text: the server says what is wrong with it. */
function cellValue(cell: string, schema: JsonSchema | undefined, root: JsonSchema): Json {
  const type = schema && typeOf(onlyMember(resolveSchema(schema, root), root));
  if (type === "string") return cell;
  if (type === "number" || type === "integer")
    return cell.trim() !== "" && !Number.isNaN(Number(cell)) ? Number(cell) : cell;
  if (type === "boolean" && /^(true|false)$/i.test(cell)) return cell.toLowerCase() === "true";
  if (type !== "object" && type !== "array") return cell;
  try {
    return JSON.parse(cell) as Json;
  } catch {
    return cell;
  }
}

/** What a schema says that allows `null` beside one other kind. */
function onlyMember(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const members = (schema.anyOf ?? schema.oneOf ?? [])
    .map((member) => resolveSchema(member, root))
    .filter(({ type }) => type !== "null");
  return members.length === 1 ? members[0]! : schema;
}
