/** Work that is the same in every architecture. Only the path to it differs. */
export const workloadNames = ["document.ocr", "sleep", "spin", "exclusive", "image.convert"] as const;
export type WorkloadName = (typeof workloadNames)[number];

/** Settings of the work. Sent as JSON, in arguments and in job options. */
export interface WorkSettings {
  workload: WorkloadName;
  /** For `sleep` and `exclusive`: ms per request. For `spin`: slices of a few ms of computing. Otherwise unused. */
  amount: number;
  /** For `exclusive`: URL of the device. */
  device: string | null;
}

/** The file that a client sends. */
export interface WorkFile {
  name: string;
  data: Buffer;
  mediaType: string;
}

/** How a request was processed. Times are from this machine's clock, in ms since 1970. */
export interface Worked {
  startedAt: number;
  endedAt: number;
  /** Hash of the output. The same for the same file, whoever did the work. */
  result: string;
  /** Beginning of the output, for people. */
  preview: string;
}

/** Returns the output, which is then hashed. */
export type Run = (file: WorkFile, settings: WorkSettings, signal: AbortSignal) => Promise<string>;
