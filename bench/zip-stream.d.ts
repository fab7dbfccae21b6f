declare module "zip-stream" {
  import type { Readable, Transform } from "node:stream";

  export interface EntryData {
    name: string;
    date?: Date;
    mode?: number;
    /** Stores the entry without compression. */
    store?: boolean;
  }

  /** Takes one entry at a time: add the next after the previous one's callback. */
  export default class ZipStream extends Transform {
    constructor(options?: { level?: number; highWaterMark?: number });
    entry(source: Readable | Buffer | string, data: EntryData, done: (error: Error | null) => void): this;
    finalize(): void;
  }
}
