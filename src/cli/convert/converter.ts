import type { Readable } from "node:stream";
import type { Warning } from "../../domain/records.ts";
import type { FileView } from "../../domain/views.ts";
import type { Accepts, Input } from "./inputs.ts";

/** Runs the jobs of `millrace convert`, on a server or on this machine. */
export interface Converter {
  /** For the summary. `null` on this machine. */
  readonly server: string | null;
  accepts(): Promise<Accepts & { maxFiles: number }>;
  /** Resolves with the job's id once the job is stored durably. */
  submit(job: ConvertJob, signal: AbortSignal): Promise<string>;
  /** Reports the job's events. Resolves when the job has ended, and rejects when `signal` is aborted. */
  follow(jobId: string, onEvent: (event: ConvertEvent) => void, signal: AbortSignal): Promise<void>;
  /** Opens a result. */
  open(artifactId: string, signal: AbortSignal): Promise<Readable>;
  cancel(jobId: string): Promise<void>;
  /** Removes everything that only the conversion needed. */
  close(): Promise<void>;
}

export interface ConvertJob {
  files: readonly Input[];
  options: Record<string, unknown>;
  /** Path of the watermark image. */
  watermark: string | null;
}

/** The fields of job events that a conversion reads. */
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
