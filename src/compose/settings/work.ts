import { z } from "zod";
import { LONGEST_MS } from "../../pipeline/durations.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import { documentOcrLimits } from "../../pipelines/document-ocr/limits.ts";
import type { EngineChoice } from "../../pipelines/documents/ocr/choose.ts";
import { imageConvertLimits } from "../../pipelines/image-convert/limits.ts";
import { listed, networks, number, type Setting, text, url, whole } from "./setting.ts";

const HOUR_MS = 3_600_000;
const MIB = 1024 * 1024;
export const MIN_MEMORY_MIB = 128;

const hours = number(0.0001, LONGEST_MS / HOUR_MS);
const pipeline = z.custom<Pipeline>(
  (value) => typeof value === "object" && value !== null && "steps" in value,
);

const MAX_WORKERS = 1_000;
const RANGE = /^(\d{1,4})\.\.(\d{1,4})$/;
const workerRange = z.string().refine((text) => {
  const { min, max } = rangeOf(text);
  return min <= max && max >= 1 && max <= MAX_WORKERS;
});

/** The bounds on the number of workers; `NaN` if invalid. */
export function rangeOf(workers: number | string): { min: number; max: number } {
  if (typeof workers === "number") return { min: workers, max: workers };
  const [, min, max] = RANGE.exec(workers) ?? [];
  return { min: Number(min), max: Number(max) };
}

function isEngineChoice(value: unknown): boolean {
  return typeof value === "string" && /^(auto|tesseract|wasm|onnx:.+)$/.test(value);
}

/** Where records and files live, which workers process them, and the limits of both. */
export const workSettings = {
  data: {
    ...text,
    env: "MILLRACE_DATA",
    flag: "--data <folder>",
    about: "data folder of the embedded adapters",
    usual: "data",
  },
  store: {
    ...url,
    env: "MILLRACE_STORE",
    flag: "--store <url>",
    about: "where records are stored: sqlite:PATH or postgres://…",
    usual: undefined,
  },
  broker: {
    ...url,
    env: "MILLRACE_BROKER",
    flag: "--broker <url>",
    about: "URL of the broker, which delivers tasks to workers",
    usual: undefined,
  },
  bus: {
    ...url,
    env: "MILLRACE_BUS",
    flag: "--bus <url>",
    about: "URL of the bus, which broadcasts to every process",
    usual: undefined,
  },
  blobs: {
    ...url,
    env: "MILLRACE_BLOBS",
    flag: "--blobs <url>",
    about: "where files are stored: file:PATH or s3://…",
    usual: undefined,
  },
  workers: {
    schema: z.union([z.int().min(0).max(MAX_WORKERS), workerRange]),
    must: `a whole number from 0 to ${MAX_WORKERS}, or a range such as 0..8`,
    fromText: (text: string) => (text.includes("..") ? text : Number(text)),
    env: "MILLRACE_WORKERS",
    flag: "--workers <n>",
    about: "number of worker processes, by default one per core; a range such as 0..8 follows demand",
    usual: undefined,
  },
  targetWait: {
    ...number(0.1, 86_400),
    env: "MILLRACE_TARGET_WAIT",
    about: "seconds within which tasks should start, if workers follow demand",
    usual: 10,
  },
  scaleDown: {
    ...number(0.1, 86_400),
    env: "MILLRACE_SCALE_DOWN",
    about: "seconds of lower demand before workers are stopped",
    usual: 60,
  },
  drain: {
    ...number(0, 86_400),
    env: "MILLRACE_DRAIN",
    about: "seconds that running steps get to finish after SIGTERM before they are handed back",
    usual: 30,
  },
  pod: {
    schema: z.string().regex(/^[a-z0-9.-]+\/[a-z0-9.-]+$/),
    must: "a namespace and a name, such as millrace/millrace-worker-x2v9k",
    env: "MILLRACE_POD",
    about: "Kubernetes pod of the worker, whose deletion cost follows its load",
    usual: null,
    none: "none",
  },
  concurrency: {
    ...whole(1, 10_000),
    env: "MILLRACE_CONCURRENCY",
    flag: "--concurrency <n>",
    about: "concurrent tasks of each step in a worker",
    usual: null,
    none: "set by each pipeline",
  },
  memoryMiB: {
    ...whole(MIN_MEMORY_MIB, 100_000_000),
    env: "MILLRACE_MEMORY_MIB",
    about: "memory for all isolated steps on this machine together, in MiB",
    usual: undefined,
  },
  pipelines: {
    schema: z.array(z.union([z.string().min(1), pipeline])),
    must: "a list of modules and pipelines",
    fromText: listed,
    env: "MILLRACE_PIPELINES",
    flag: "--pipelines <files...>",
    about: "modules with your own pipelines",
    usual: [],
  },
  app: {
    ...text,
    env: "MILLRACE_APP",
    flag: "--app <file>",
    about: "module with a page and routes of your own",
    usual: null,
    none: "none",
  },
  retentionHours: {
    ...hours,
    env: "MILLRACE_RETENTION_HOURS",
    flag: "--retention-hours <n>",
    about: "hours that results are kept",
    usual: 7 * 24,
  },
  deadLetterRetentionHours: {
    ...hours,
    env: "MILLRACE_DEAD_LETTER_RETENTION_HOURS",
    flag: "--dead-letter-retention-hours <n>",
    about: "minimum hours that a job with dead letters keeps its files",
    usual: 30 * 24,
  },
  maxMegapixels: {
    ...number(0.001, 10_000),
    env: "MILLRACE_MAX_MEGAPIXELS",
    about: "image size limit of image.convert, in megapixels",
    usual: imageConvertLimits.maxPixels / 1_000_000,
  },
  maxFiles: {
    ...whole(1, 10_000),
    env: "MILLRACE_MAX_FILES",
    about: "maximum files in one image.convert job",
    usual: imageConvertLimits.maxFiles,
  },
  maxFileMiB: {
    ...number(0.001, 10_000),
    env: "MILLRACE_MAX_FILE_MIB",
    about: "file size limit of image.convert, in MiB",
    usual: imageConvertLimits.maxFileBytes / MIB,
  },
  maxDocumentMiB: {
    ...number(0.001, 10_000),
    env: "MILLRACE_MAX_DOCUMENT_MIB",
    about: "file size limit of documents, in MiB",
    usual: documentOcrLimits.maxFileBytes / MIB,
  },
  ocr: {
    schema: z.custom<EngineChoice>(isEngineChoice),
    must: "auto, tesseract, wasm, or onnx: and a folder of models",
    env: "MILLRACE_OCR",
    about: "OCR engine for scans",
    usual: "auto" as EngineChoice,
  },
  queueLimit: {
    ...whole(1, 100_000_000),
    env: "MILLRACE_QUEUE_LIMIT",
    flag: "--queue-limit <n>",
    about: "open tasks in a queue at which new jobs are refused",
    usual: null,
    none: "set by each pipeline",
  },
  rateLimit: {
    ...whole(0, 100_000_000),
    env: "MILLRACE_RATE_LIMIT",
    about: "API requests per minute for each owner; 0 means no limit",
    usual: undefined,
  },
  quotaJobs: {
    ...whole(0, 100_000_000),
    env: "MILLRACE_QUOTA_JOBS",
    about: "unfinished jobs per user; 0 means no limit",
    usual: 100,
  },
  quotaItemsPerDay: {
    ...whole(0, 1_000_000_000),
    env: "MILLRACE_QUOTA_ITEMS_PER_DAY",
    about: "items of new jobs per user and day; 0 means no limit",
    usual: 10_000,
  },
  quotaStoredMiB: {
    ...whole(0, 1_000_000_000),
    env: "MILLRACE_QUOTA_STORED_MIB",
    about: "storage per user for uploads and job files, in MiB; 0 means no limit",
    usual: 10_240,
  },
  quotaStreams: {
    ...whole(1, 1_000_000),
    env: "MILLRACE_QUOTA_STREAMS",
    about: "open event streams per owner in each API process",
    usual: 1_000,
  },
  outgoingAllow: {
    schema: networks,
    must: "a list of networks, such as 10.1.0.0/16,fd12:3456::/32",
    fromText: listed,
    env: "MILLRACE_OUTGOING_ALLOW",
    about: "private networks that client-supplied URLs can reach",
    usual: [],
  },
} as const satisfies Record<string, Setting>;
