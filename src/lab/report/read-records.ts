import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { MillraceError } from "../../errors.ts";
import type {
  CellRecord,
  EndRecord,
  IdleRecord,
  LabRecord,
  LeftOutRecord,
  RequestRecord,
  RunRecord,
  SampleRecord,
} from "../records.ts";

/** A complete cell with all its measurements. */
export interface MeasuredCell {
  cell: CellRecord;
  /** Requests due after the warm-up. */
  requests: RequestRecord[];
  samples: SampleRecord[];
  idle: IdleRecord[];
  end: EndRecord;
}

/** Contents of record files. */
export interface Study {
  runs: RunRecord[];
  leftOut: LeftOutRecord[];
  cells: MeasuredCell[];
  /** Number of interrupted cells, which appear in no figure. */
  incomplete: number;
}

/**
 * @param paths NDJSON files, gzipped if they end in `.gz`
 * @throws `config_invalid` with the invalid line
 */
export async function readRecords(paths: readonly string[]): Promise<Study> {
  const study: Study = { runs: [], leftOut: [], cells: [], incomplete: 0 };
  for (const path of paths) await readFileInto(study, path);
  return study;
}

async function readFileInto(study: Study, path: string): Promise<void> {
  const open = new Map<string, MeasuredCell>();
  let number = 0;
  const lines = createInterface({ input: contentOf(path), crlfDelay: Number.POSITIVE_INFINITY });
  try {
    for await (const line of lines) {
      number++;
      if (line.trim() !== "") take(study, open, parse(line));
    }
  } catch (cause) {
    const where = number > 0 ? `line ${number} is not a valid record` : "the file cannot be read";
    throw new MillraceError("config_invalid", `${path}: ${where}.`, { cause });
  }
  study.incomplete += open.size;
}

function contentOf(path: string): Readable {
  const file = createReadStream(path);
  // The reader gets the error.
  return path.endsWith(".gz") ? pipeline(file, createGunzip(), () => {}) : file;
}

function parse(line: string): LabRecord {
  const record = JSON.parse(line) as LabRecord;
  if (typeof record !== "object" || record === null || typeof record.type !== "string")
    throw new TypeError("no type");
  return record;
}

/** A cell that begins again was interrupted before. */
function take(study: Study, open: Map<string, MeasuredCell>, record: LabRecord): void {
  if (record.type === "run") return void study.runs.push(record);
  if (record.type === "left-out") return void study.leftOut.push(record);
  if (record.type === "cell") {
    if (open.has(record.cell)) study.incomplete++;
    const end: EndRecord = { type: "end", cell: record.cell, atMs: 0, checks: [] };
    open.set(record.cell, { cell: record, requests: [], samples: [], idle: [], end });
    return;
  }
  const one = open.get(record.cell);
  if (!one) return;
  if (record.type === "sample") one.samples.push(record);
  else if (record.type === "idle") one.idle.push(record);
  else if (record.type === "end") {
    study.cells.push({ ...one, end: record });
    open.delete(record.cell);
  } else if (record.type === "request" && record.dueMs >= one.cell.warmUpMs) one.requests.push(record);
}
