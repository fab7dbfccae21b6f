import type { Client } from "pg";

/** A job queue that Millrace is compared with, written as its users would, and tuned as its docs recommend. */
export interface Peer {
  name: string;
  produce(url: string): Promise<Producer>;
  /** Runs 100 jobs concurrently; `onJob` is all that a job does. */
  work(url: string, onJob: OnJob): Promise<{ close(): Promise<void> }>;
}

export interface JobData {
  text: string;
  /** When it was requested, by the shared clock; the job records how long ago that was. */
  askedAt?: number;
  /** If set, the job takes a second, and records under this name where it runs. */
  hold?: string;
}

/** Returns nothing to wait for unless the job holds. */
export type OnJob = (job: JobData) => undefined | Promise<void>;

export interface Producer {
  /** Resolves when the job is as safe as the service can make it. */
  add(job: JobData): Promise<void>;
  addMany(jobs: JobData[]): Promise<void>;
  /** Adds these, and a job that runs when all of them have ended. Only if the peer supports it. */
  addFlow?(children: JobData[]): Promise<void>;
  /** Adds a job that exists once the client's transaction commits. Only if the peer supports it. */
  addWithin?(client: Client, job: JobData): Promise<void>;
  /** Number of jobs that have not settled. */
  unfinished(): Promise<number>;
  close(): Promise<void>;
}

export const QUEUE = "bench";
export const CONCURRENCY = 100;
