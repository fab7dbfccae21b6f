/** A job queue that Millrace is compared with: what its users would write, tuned as its documentation says. */
export interface Peer {
  name: string;
  produce(url: string): Promise<Producer>;
  /** Works with 100 jobs at once; `onJob` is all that a job does. */
  work(url: string, onJob: (job: JobData) => void): Promise<{ close(): Promise<void> }>;
}

export interface JobData {
  text: string;
  askedAt?: number;
}

export interface Producer {
  /** Resolves when the job is safe, as far as the service is. */
  add(job: JobData): Promise<void>;
  addMany(jobs: JobData[]): Promise<void>;
  /** Jobs that have not been settled. */
  unfinished(): Promise<number>;
  close(): Promise<void>;
}

export const QUEUE = "bench";
export const CONCURRENCY = 100;
