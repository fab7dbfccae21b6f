declare module "zip-stream" {
  import type { Readable, Transform } from "node:stream";

  export interface EntryData {
    name: string;
    date?: Date;
    mode?: number;
    /** Kept as it is, without compression. */
    store?: boolean;
  }

  /** One entry at a time: the next may be added when the callback of the one before was called. */
  export default class ZipStream extends Transform {
    constructor(options?: { level?: number; highWaterMark?: number });
    entry(source: Readable | Buffer | string, data: EntryData, done: (error: Error | null) => void): this;
    finalize(): void;
  }
}
