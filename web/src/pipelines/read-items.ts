import Papa from "papaparse";
import type { Json, NewItem } from "../api/contract.ts";
import { type JsonSchema, resolveSchema, typeOf } from "../json-schema/schema.ts";

/** What is wrong with a line, from 1. */
export class ItemsFault extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/**
 * Items from a file: NDJSON has one value in each line; CSV has names in its first row, and its texts become what
 * the schema says. An empty cell is left out.
 */
export function readItems(text: string, isCsv: boolean, schema: JsonSchema): NewItem[] {
  return isCsv ? fromCsv(text, schema) : fromLines(text);
}

function fromLines(text: string): NewItem[] {
  const items: NewItem[] = [];
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

function fromCsv(text: string, root: JsonSchema): NewItem[] {
  const { data, errors } = Papa.parse<Record<string, string>>(text.replace(/^\uFEFF/, ""), {
    header: true,
    skipEmptyLines: "greedy",
  });
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
  const type = schema && typeOf(resolveSchema(schema, root));
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
