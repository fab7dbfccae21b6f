import { type JsonSchema, resolveSchema, typeOf } from "./json-schema.ts";
import type { Json } from "./records.ts";

/** Size limit of a file of items; the request made from it may have up to 16 MiB. */
export const MOST_ITEMS_FILE_BYTES = 64 * 1024 * 1024;

/** What is wrong with a line; lines start at 1. */
export class ItemsFault extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** Parses a CSV whose first row has the names, as Papa Parse does. */
export type ParseCsv = (
  text: string,
  options: { header: true; skipEmptyLines: "greedy" },
) => {
  data: Record<string, string>[];
  errors: readonly { type: string; code: string; message: string; row?: number }[];
};

/**
 * Reads data items from a file: NDJSON with one value per line, or CSV with names in the first row. CSV cells are
 * converted to the types in the schema, and empty cells are omitted.
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
  // A single column has no delimiter to detect.
  const fault = errors.find(({ code }) => code !== "UndetectableDelimiter");
  // Rows count from the one after the names, but from the names themselves in quote errors.
  if (fault) throw new ItemsFault((fault.row ?? 0) + (fault.type === "Quotes" ? 1 : 2), fault.message);
  const properties = resolveSchema(root, root).properties ?? {};
  return data.map((row) => {
    const cells = Object.entries(row).filter(([, cell]) => cell !== "");
    return {
      data: Object.fromEntries(cells.map(([name, cell]) => [name, cellValue(cell, properties[name], root)])),
    };
  });
}

/** A cell that does not look like its type stays text: the server will report what is wrong with it. */
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

/** For a schema that allows `null` and one other type: the other one. */
function onlyMember(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const members = (schema.anyOf ?? schema.oneOf ?? [])
    .map((member) => resolveSchema(member, root))
    .filter(({ type }) => type !== "null");
  return members.length === 1 ? members[0]! : schema;
}
