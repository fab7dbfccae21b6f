import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { text } from "node:stream/consumers";
import Papa from "papaparse";
import type { PipelineView } from "../client/index.ts";
import type { JsonSchema } from "../domain/json-schema.ts";
import { ItemsFault, MOST_ITEMS_FILE_BYTES, type ParseCsv, readItems } from "../domain/read-items.ts";
import { limit } from "./amounts.ts";
import { usageError } from "./output.ts";
import { printable } from "./table.ts";

const parseCsv: ParseCsv = (content, options) => Papa.parse<Record<string, string>>(content, options);

/**
 * Reads data items from a file: CSV if its name says so, or else NDJSON. `-` is standard input. CSV cells are converted
 * according to the pipeline's schema.
 */
export async function dataItemsOf(path: string, { name, accepts }: PipelineView) {
  if (accepts.data === null) throw usageError(`${name} does not accept items of data.`);
  const isCsv = /\.csv$/i.test(path);
  const schema = accepts.data as JsonSchema;
  const content = await contentOf(path);
  const items = itemsOf(content, path, { schema, parseCsv: isCsv ? parseCsv : null });
  if (items.length === 0) throw usageError(`${path} contains no items.`);
  if (items.length > accepts.maxItems)
    throw usageError(`${path} contains ${items.length} items. ${name} accepts at most ${accepts.maxItems}.`);
  return items;
}

function itemsOf(content: string, path: string, how: Parameters<typeof readItems>[1]) {
  try {
    return readItems(content, how);
  } catch (error) {
    if (!(error instanceof ItemsFault)) throw error;
    const kind = how.parseCsv ? "CSV" : "JSON";
    throw usageError(
      `${path}, line ${error.line}, is not valid ${kind}: ${printable(error.message).slice(0, 200)}`,
    );
  }
}

async function contentOf(path: string): Promise<string> {
  if (path === "-") return text(bounded(process.stdin, path));
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) throw new Error("it is a folder");
    if (stats.size > MOST_ITEMS_FILE_BYTES) throw tooLarge(path);
    return await text(bounded(createReadStream(path), path));
  } catch (error) {
    if ((error as { code?: string }).code === "config_invalid") throw error;
    throw usageError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

/** Enforces the limit while reading, because the size of a pipe is unknown. */
async function* bounded(source: AsyncIterable<Buffer>, path: string): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > MOST_ITEMS_FILE_BYTES) throw tooLarge(path);
    yield chunk;
  }
}

function tooLarge(path: string): Error {
  return usageError(`${path} is larger than ${limit(MOST_ITEMS_FILE_BYTES)}, the limit for a file of items.`);
}
