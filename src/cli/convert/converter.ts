import type { Readable } from "node:stream";
import type { Warning } from "../../domain/records.ts";
import type { FileView } from "../../domain/views.ts";
import type { Accepts, Input } from "./inputs.ts";

/** What runs the jobs of `millrace convert`: a server, or this machine by itself. */
export interface Converter {
  /** For the summary; `null` on this machine. */
  readonly server: string | null;
  accepts(): Promise<Accepts & { maxFiles: number }>;
  /** Resolves with the job's id when it cannot be lost any more. */
  submit(job: ConvertJob, signal: AbortSignal): Promise<string>;
  /** Tells what happens to the job; resolves when it has ended. Rejects when `signal` is aborted. */
  follow(jobId: string, onEvent: (event: ConvertEvent) => void, signal: AbortSignal): Promise<void>;
  /** The bytes of a result. */
  open(artifactId: string, signal: AbortSignal): Promise<Readable>;
  cancel(jobId: string): Promise<void>;
  /** Nothing is left behind that only the conversion needed. */
  close(): Promise<void>;
}

export interface ConvertJob {
  files: readonly Input[];
  options: Record<string, unknown>;
  /** File of the watermark's picture. */
  watermark: string | null;
}

/** The part of the job's events that a conversion reads. */
export interface ConvertEvent {
  type: string;
  data: {
    index?: number;
    fraction?: number;
    attempt?: number;
    cached?: boolean;
    outputs?: FileView[];
    warnings?: Warning[];
    error?: { code: string; message: string } | null;
  };
}

export const PIPELINE = "image.convert";
