import type { Client } from "pg";

/** A job queue that Millrace is compared with: what its users would write, tuned as its documentation says. */
export interface Peer {
  name: string;
  produce(url: string): Promise<Producer>;
  /** Works with 100 jobs at once; `onJob` is all that a job does. */
  work(url: string, onJob: OnJob): Promise<{ close(): Promise<void> }>;
}

export interface JobData {
  text: string;
  /** By the shared clock; the job tells how long ago that was. */
  askedAt?: number;
  /** The job takes a second, and writes down under this name where it runs. */
  hold?: string;
}

/** Nothing to wait for unless the job holds. */
export type OnJob = (job: JobData) => undefined | Promise<void>;

export interface Producer {
  /** Resolves when the job is safe, as far as the service is. */
  add(job: JobData): Promise<void>;
  addMany(jobs: JobData[]): Promise<void>;
  /** These, and one more job that runs when all of them have ended; only where the peer has such a thing. */
  addFlow?(children: JobData[]): Promise<void>;
  /** A job that exists when the client's transaction commits; only where the peer has such a thing. */
  addWithin?(client: Client, job: JobData): Promise<void>;
  /** Jobs that have not been settled. */
  unfinished(): Promise<number>;
  close(): Promise<void>;
}

export const QUEUE = "bench";
export const CONCURRENCY = 100;
