import type { Architecture } from "../records.ts";
import type { WorkSettings } from "../workloads/workload.ts";

/** One of the study's architectures, or a variant of it. */
export interface Subject {
  readonly architecture: Architecture;
  /** Distinguishes variants of an architecture. `null` if there is only one. */
  readonly variant: string | null;
  readonly title: string;
  /** Whether the number of workers can be chosen. */
  readonly hasWorkers: boolean;
  /** Concurrent requests. `Infinity` if there is no limit. */
  slots(workers: number): number;
  /** What is missing to run it. `null` if everything is there. */
  missing(services: Services): Promise<string | null>;
  /** Starts it without any data. */
  start(settings: StartSettings): Promise<Installation>;
}

/** URLs of queue servers. `null` if not configured. */
export interface Services {
  postgres: string | null;
  redis: string | null;
  rabbitmq: string | null;
  kafka: string | null;
}

export interface StartSettings {
  work: WorkSettings;
  workers: number;
  services: Services;
  /** Namespace in shared servers. Lowercase letters and digits, which every server accepts. */
  name: string;
  /** An empty folder for its files, removed later. */
  folder: string;
}

/** Contents of the system at one time, according to one source. `null` if that source does not know. */
export interface Held {
  from: "store" | "broker" | "server";
  ready: number | null;
  running: number | null;
  consumers: number | null;
}

/** A running architecture. */
export interface Installation {
  /** Base URL for requests. */
  readonly url: string;
  /** The original's route. `POST` a file to it. */
  readonly path: string;
  /** Whether it answers with the result, or with a job to poll at `path/{id}`. */
  readonly answers: "result" | "job";
  /** An endpoint of the same API that does nothing. */
  readonly idleUrl: string;
  readonly processes: readonly { role: string; pid: number }[];
  /** One entry per source. Rejects if no source responds. */
  held(): Promise<Held[]>;
  close(): Promise<void>;
}
